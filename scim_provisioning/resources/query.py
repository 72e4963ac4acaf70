"""Reads: one resource, or a page of them, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import models

from scim_provisioning import conf, hosting
from scim_provisioning.context import Context
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import TooMany
from scim_provisioning.protocol.projection import Projection
from scim_provisioning.statements import FIRST, Select, one_of, padded, slots

from .asked import Asked, Search, ask, base_values
from .cursors import walk
from .expressions import FIRST_VALUE
from .mapping import ResourceMapping
from .matching import Key, count, keys, listed, ordered
from .render import Reader, reader

Found = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: rendered resources, and how many match in all.

    ``start_index`` is None on a page by cursor; a cursor is None where no page follows, or
    none is before.
    """

    resources: list[dict[str, Json]]
    total: int
    start_index: int | None
    next_cursor: str | None = None
    previous_cursor: str | None = None


def get(
    mapping: ResourceMapping, identifier: str | UUID, projection: Projection, context: Context
) -> dict[str, Json] | None:
    """Return the resource of that id, rendered, or None where the client sees none.

    A client sees itself, protected as it is.
    """
    key = identifier if isinstance(identifier, UUID) else context.key(identifier)
    if key is None:
        return None
    read = reader(mapping, projection)
    values = base_values(context)
    shown = context.principal.shows_protected
    rows = _by_ids(read, 1, shown, hosting.variant()).rows([*values, key])
    if not rows and mapping.owner == "user":
        rows = _by_ids(read, 1, True, hosting.variant()).rows([*values, key])
        rows = [row for row in rows if row[1] == context.principal.user_id]
    if rows and mapping.owner and (host := hosting.current()):
        host.open(mapping.owner, rows[0][1])
    found = render(read, rows, values)
    return found[0] if found else None


def search(mappings: Sequence[ResourceMapping], search: Search, context: Context) -> Page:
    """Return a page of the resources that match, of all these types in one order.

    Raises InvalidFilter, InvalidPath; of cursors InvalidCursor, ExpiredCursor, InvalidCount.
    """
    asked, values = ask(mappings, search, context)
    pairs = zip(asked.arms, search.projections, strict=True)
    readers = [reader(arm.mapping, projection) for arm, projection in pairs]
    if search.cursor is not None:
        step = walk(asked, search, values, context)
        _check_total(asked, step.total)
        resources = _of_keys(asked, readers, step.keys, values)
        return Page(resources, step.total, None, step.next_cursor, step.previous_cursor)
    resources, found = _page(asked, readers, search, values)
    total = _total(asked, search, values, found)
    _check_total(asked, total)
    return Page(resources, total, search.start_index)


def _page(
    asked: Asked, readers: Sequence[Reader], search: Search, values: list[Any]
) -> tuple[list[dict[str, Json]], int]:
    """Return the resources of a page by index, and how many keys were found for it."""
    offset = search.start_index - 1
    if search.count == 0:
        return [], 0
    # What is sorted has passed rows by: only those of the page are read whole.
    if offset or len(readers) > 1 or asked.sorted:
        found = keys(asked, values, search.count, offset)
        return _of_keys(asked, readers, found, values), len(found)
    # The first page of one type comes with its rows, by one statement.
    rows = _first(asked, readers[0], hosting.variant()).rows(values, search.count)
    return render(readers[0], rows, values[:FIRST_VALUE]), len(rows)


def _total(asked: Asked, search: Search, values: Sequence[Any], found: int) -> int:
    """Return the number of all that match; it is counted only where it is not plain."""
    offset = search.start_index - 1
    if 0 < found < search.count or (not found and not offset and search.count):
        return offset + found
    return count(asked, values)


def _check_total(asked: Asked, total: int) -> None:
    """Raise TooMany where a query of all types finds more than the site wants to show."""
    limit = conf.current().max_root_results
    if limit is not None and len(asked.arms) > 1 and total > limit:
        raise TooMany(f"More than {limit} resources match: name a resource type, or a filter.")


def _of_keys(
    asked: Asked, readers: Sequence[Reader], found: Sequence[Key], values: Sequence[Any]
) -> list[dict[str, Json]]:
    """Return the resources of keys, in their order; those deleted meanwhile are left out."""
    # Kept ids of two types may be the same.
    resources: dict[tuple[int, UUID], dict[str, Json]] = {}
    for number, read in enumerate(readers):
        wanted = [key[1] for key in found if key[0] == number]
        if wanted:
            places = padded(wanted)
            statement = _by_ids(read, len(places), asked.shows_protected, hosting.variant())
            base = values[:FIRST_VALUE]
            rows = statement.rows([*base, *places])
            pairs = zip(rows, render(read, rows, base), strict=True)
            resources |= {(number, row[0]): resource for row, resource in pairs}
    return [resources[key[:2]] for key in found if key[:2] in resources]


@lru_cache(maxsize=512)
def _first(asked: Asked, read: Reader, variant: Hashable) -> Select:
    return Select(ordered(asked).values_list(*read.columns), limits=FIRST)


@lru_cache(maxsize=512)
def _by_ids(read: Reader, size: int, shows_protected: bool, variant: Hashable) -> Select:
    places = slots(size, models.UUIDField(), FIRST_VALUE)
    rows = listed(read.mapping, shows_protected)
    rows = rows.filter(pk=places[0]) if size == 1 else rows.filter(one_of("pk", places))
    return Select(rows.values_list(*read.columns))


def render(read: Reader, rows: Sequence[Found], values: Sequence[Any]) -> list[dict[str, Json]]:
    """Return the resources of rows, with what the site's own code adds to them."""
    resources = [read.resource(row, values[1]) for row in rows]
    if rows and read.mapping.owner and (host := hosting.current()):
        shown = {row[1]: resource for row, resource in zip(rows, resources, strict=True)}
        host.present(read.mapping.owner, shown, read.projection)
    return resources
