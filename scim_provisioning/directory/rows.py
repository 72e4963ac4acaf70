"""The row of one resource: loaded and locked for a write, or added, by statements compiled once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection, models
from django.db.models import Subquery
from django.utils import timezone

from scim_provisioning import hosting
from scim_provisioning.context import Context
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import NotFound
from scim_provisioning.resources.asked import base_values
from scim_provisioning.resources.bindings import EXTENSIONS
from scim_provisioning.resources.expressions import FIRST_VALUE
from scim_provisioning.resources.mapping import ResourceMapping
from scim_provisioning.resources.render import stored_reader
from scim_provisioning.statements import Select, Slot, insert

FACTS = ("connection_id", "listed", "link_allowed", "version", "created", "last_modified")

STANDING: dict[str, Any] = {"listed": True, "link_allowed": False, "version": 1}
"""How a new resource stands."""
FRESH = {**STANDING, "folded": {}, "extensions": {}}
"""What the database would have defaulted; own statements know no defaults."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A resource as it stands in the database, locked.

    ``account`` is Django's user, None for groups; ``owner_id`` Django's own key; ``beside`` holds
    what is shown with the document and written by others: the groups of a user.
    """

    id: UUID
    owner_id: Any
    document: dict[str, Json]
    connection_id: int | None
    listed: bool
    link_allowed: bool
    version: int
    created: datetime
    last_modified: datetime
    account: Any = None
    extensions: Mapping[str, Json] = field(default_factory=dict)
    beside: Mapping[str, Json] = field(default_factory=dict)


def load(
    mapping: ResourceMapping,
    identifier: str,
    context: Context,
    *,
    lock: bool = True,
    hidden: bool = False,
) -> Stored:
    """Return a resource, locked unless told otherwise; raise NotFound where none is seen.

    ``hidden`` finds those too that clients do not see.
    """
    key = context.key(identifier)
    if key is None:
        raise NotFound
    values = [*base_values(context), key]
    read = stored_reader(mapping)
    rows = _loading(mapping, lock, hosting.variant()).rows(values)
    if not rows:
        raise NotFound
    sizes = (read.related, len(FACTS), len(_account(mapping)), len(read.columns) - read.related)
    own, facts, account, related, as_of = _cut(rows[0], *sizes)
    known = dict(zip(FACTS, facts, strict=True))
    seen = known["listed"] or context.principal.shows_protected or hidden
    if not (seen or _is_own(mapping, own, context)):
        raise NotFound
    if as_of and as_of != (known["version"],):
        # Another write was waited for: what other tables hold is from before it.
        [related] = _related(mapping, hosting.variant()).rows(values)
    document = read.document((*own, *related), context.base_url)
    return Stored(
        own[0],
        own[1],
        document,
        **known,
        account=_instance(account),
        extensions=own[read.columns.index(EXTENSIONS)] if EXTENSIONS in read.columns else {},
        beside={key: document.pop(key) for key in mapping.shown_beside if key in document},
    )


def add(
    mapping: ResourceMapping,
    identifier: UUID,
    account: Any,
    document: dict[str, Json],
    columns: Mapping[str, Any],
    context: Context,
) -> Stored:
    """Insert the row of a new resource, and return it as it stands."""
    owner_id = identifier if account is None else account.pk
    connection_id, now = context.principal.connection_id, timezone.now()
    times: dict[str, Any] = {"created": now, "last_modified": now}
    row = {**FRESH, **mapping.unassigned, **columns, "id": identifier, "connection": connection_id}
    owner = {mapping.owner: owner_id} if mapping.owner else {}
    insert(mapping.model, [{**row, **owner, **times}])
    return Stored(
        identifier, owner_id, document, connection_id, **STANDING, **times, account=account
    )


def _is_own(mapping: ResourceMapping, row: tuple[Any, ...], context: Context) -> bool:
    return mapping.owner == "user" and row[1] == context.principal.user_id


def _cut(row: tuple[Any, ...], *sizes: int) -> Iterator[tuple[Any, ...]]:
    """Return parts of a row of these sizes, and the rest."""
    for start, stop in pairwise((0, *accumulate(sizes), len(row))):
        yield row[start:stop]


def _account(mapping: ResourceMapping) -> list[str]:
    """Return the columns of the account behind a resource."""
    fields = get_user_model()._meta.concrete_fields if mapping.owner == "user" else ()
    return [f"user__{field.attname}" for field in fields]


def _instance(values: tuple[Any, ...]) -> Any:
    model = get_user_model()
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(connection.alias, names, values) if values else None


@lru_cache(maxsize=128)
def _loading(mapping: ResourceMapping, lock: bool, variant: Hashable) -> Select:
    """Compile the row, the account and what other tables hold; locked, and as of which version.

    A row that was waited for is as its last write left it, the rest of the statement is as of
    its start: where the version beside the rest is another than the row's, it is out of date.
    """
    read = stored_reader(mapping)
    own, related = read.columns[: read.related], read.columns[read.related :]
    seen = hosting.condition(mapping.owner, mapping.owner or "")
    rows = _of_id(mapping).filter(seen)
    if mapping.owner == "user":
        rows = rows.filter(deleted__isnull=True)
    as_of: tuple[Any, ...] = ()
    if lock:
        # Keys do not change: memberships may point to a locked row meanwhile.
        rows = rows.select_for_update(no_key=True)
        as_of = (Subquery(_of_id(mapping).values("version")),) if related else ()
    return Select(rows.values_list(*own, *FACTS, *_account(mapping), *related, *as_of))


@lru_cache(maxsize=32)
def _related(mapping: ResourceMapping, variant: Hashable) -> Select:
    """Compile what other tables hold."""
    read = stored_reader(mapping)
    return Select(_of_id(mapping).values_list(*read.columns[read.related :]))


def _of_id(mapping: ResourceMapping) -> models.QuerySet[Any, Any]:
    rows: models.QuerySet[Any, Any] = mapping.model._default_manager.filter(
        pk=Slot(FIRST_VALUE, models.UUIDField())
    )
    return rows
