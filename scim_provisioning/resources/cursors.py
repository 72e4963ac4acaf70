"""Pages by cursor (RFC 9865): a cursor is a place in an order, signed, and nothing is stored.

The default order is that of creation, which nothing moves: a walk returns every resource
that exists, is visible and matches all the while exactly once, whatever is created, changed
or deleted meanwhile. The same holds for a sorted walk of each resource whose sorted value
stays as it is; one whose value changes may be met again, or be passed over, as its place
in the order is another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.utils.crypto import salted_hmac

from scim_provisioning import conf
from scim_provisioning.context import Context
from scim_provisioning.protocol.errors import ExpiredCursor, InvalidCount, InvalidCursor

from .asked import Asked, Search, sort_field
from .matching import CREATED, ID, Key, Place, beyond, count

UNRESERVED = re.compile(r"[A-Za-z0-9._~-]{1,8000}", re.ASCII)
"""What a cursor may be made of (RFC 9865 section 2)."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind a place, or before it; without a place at the beginning.

    ``total`` is what was counted for the first page: later ones do not count again.
    """

    total: int | None = None
    place: Place | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a walk."""

    keys: list[Key]
    total: int
    next_cursor: str | None = None
    previous_cursor: str | None = None


def walk(asked: Asked, search: Search, values: Sequence[Any], context: Context) -> Step:
    """Return the page that a cursor stands for.

    Raises InvalidCursor, ExpiredCursor, InvalidCount.
    """
    seal = _Seal(asked, search, context)
    cursor = seal.open(search.cursor) if search.cursor else Cursor()
    if search.count == 0:
        return Step([], count(asked, values))
    found, more = _page(asked, values, cursor, search.count)
    total = cursor.total
    if total is None:
        total = count(asked, values) if more else len(found)
    before, behind = _around(cursor, found, more, total)
    return Step(found, total, seal.close(behind), seal.close(before))


def _page(asked: Asked, values: Sequence[Any], cursor: Cursor, size: int) -> tuple[list[Key], bool]:
    """Return the keys of a page in their order, and whether there are more in its direction."""
    reverse = asked.descending != cursor.backward
    found = beyond(asked, values, cursor.place, size + 1, reverse=reverse)
    page = found[:size]
    return page[::-1] if cursor.backward else page, len(found) > size


def _around(
    cursor: Cursor, found: list[Key], more: bool, total: int
) -> tuple[Cursor | None, Cursor | None]:
    """Return the cursors of the page before and of the one behind, None where there is none."""
    first = _place(found[0]) if found else None
    last = _place(found[-1]) if found else None
    has_before = more if cursor.backward else cursor.place is not None
    before = Cursor(total, first, True) if has_before and found else None
    # Behind a page that was walked to backwards there is the one it was walked from.
    behind = Cursor(total, last) if more or cursor.backward else None
    return before, behind


def _place(key: Key) -> Place:
    _, identifier, *sorted_by, created = key
    return (sorted_by[0] if sorted_by else None), created, identifier


class _Seal:
    """Signs the cursors of one query of one connection; others' do not open."""

    def __init__(self, asked: Asked, search: Search, context: Context) -> None:
        principal = context.principal
        bound = (
            [arm.mapping.declared.name for arm in asked.arms],
            [search.filter, search.sort_by, asked.descending],
            [[_names(p.attributes), _names(p.excluded)] for p in search.projections],
            [principal.connection_id, principal.profile, principal.shows_protected],
        )
        digest = salted_hmac(__name__, json.dumps(bound), algorithm="sha256").hexdigest()
        self.signer = TimestampSigner(salt=f"{__name__}:{digest}", sep="~")
        self.asked = asked
        self.count = search.count

    def close(self, cursor: Cursor | None) -> str | None:
        """Return a cursor as clients see it."""
        if cursor is None:
            return None
        place = cursor.place and [_plain(part) for part in cursor.place]
        parts = [self.count, cursor.total, cursor.backward, place]
        return self.signer.sign_object(parts, compress=True)

    def open(self, text: str) -> Cursor:
        """Return the cursor of a text; raise InvalidCursor, ExpiredCursor, InvalidCount."""
        if not UNRESERVED.fullmatch(text):
            raise InvalidCursor
        try:
            age = conf.current().cursor_timeout
            size, total, backward, place = self.signer.unsign_object(text, max_age=age)
        except SignatureExpired:
            raise ExpiredCursor from None
        except BadSignature:
            raise InvalidCursor from None
        if size != self.count:
            raise InvalidCount("count cannot change between the pages of a query.")
        return Cursor(total, place and self._place(place), backward)

    def _place(self, parts: Sequence[Any]) -> Place:
        key, created, identifier = parts
        field = sort_field(self.asked) if key is not None else ID
        return field.to_python(key), CREATED.to_python(created), ID.to_python(identifier)


def _plain(part: Any) -> Any:
    """Return a value as JSON has it, and as its field reads it again."""
    return part if part is None or isinstance(part, bool | int | str) else str(part)


def _names(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
