"""The rows of one resource: loaded and locked for a write, inserted, and updated.

Only what changed is written, by statements compiled once.
"""

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

from scim_provisioning import conf, hosting
from scim_provisioning.context import Context
from scim_provisioning.models import ExternalId, MultiValue
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import InvalidValue, NotFound
from scim_provisioning.resources.asked import base_values
from scim_provisioning.resources.bindings import EXTENSIONS, PerConnection
from scim_provisioning.resources.expressions import FIRST_VALUE, lookup_key
from scim_provisioning.resources.mapping import Changes, ResourceMapping
from scim_provisioning.resources.relations import Rows
from scim_provisioning.resources.render import stored_reader
from scim_provisioning.statements import Select, Slot, compile_delete, insert, one_of, slots

FACTS = ("connection_id", "listed", "link_allowed", "version", "created", "last_modified")

FRESH: dict[str, Any] = {
    "listed": True,
    "link_allowed": False,
    "version": 1,
    "folded": {},
    "extensions": {},
}
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
    values = base_values(context)
    read = stored_reader(mapping)
    rows = _loading(mapping, lock, hosting.variant()).rows([*values, key])
    if not rows:
        raise NotFound
    own, facts, account, related = _cut(rows[0], read.related, len(FACTS), len(_account(mapping)))
    known = dict(zip(FACTS, facts, strict=True))
    seen = known["listed"] or context.principal.shows_protected or hidden
    if not (seen or _is_own(mapping, own, context)):
        raise NotFound
    if lock and read.related < len(read.columns):
        [related] = _related(mapping, hosting.variant()).rows([*values, key])
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
    read = stored_reader(mapping)
    columns = [*read.columns[: read.related], *FACTS, *_account(mapping)]
    seen = hosting.condition(mapping.owner, mapping.owner or "")
    rows = _of_id(mapping).filter(seen)
    if mapping.owner == "user":
        rows = rows.filter(deleted__isnull=True)
    if not lock:
        return Select(rows.values_list(*columns, *read.columns[read.related :]))
    # Keys do not change: memberships may point to a locked row meanwhile.
    return Select(rows.select_for_update(no_key=True).values_list(*columns))


@lru_cache(maxsize=32)
def _related(mapping: ResourceMapping, variant: Hashable) -> Select:
    """Return what other tables hold: asked once the lock is there, or it were as of before it."""
    read = stored_reader(mapping)
    return Select(_of_id(mapping).values_list(*read.columns[read.related :]))


def _of_id(mapping: ResourceMapping) -> models.QuerySet[Any, Any]:
    rows: models.QuerySet[Any, Any] = mapping.model._default_manager.filter(
        pk=Slot(FIRST_VALUE, models.UUIDField())
    )
    return rows


def check_counts(changes: Changes) -> None:
    """Raise InvalidValue where an attribute would have more values than the settings allow.

    One that has them already, from before there was the limit, may lose some.
    """
    most = conf.current().max_values
    for key, (before, after) in changes.items():
        if isinstance(after, list) and len(after) > max(most, len(before or ())):
            raise InvalidValue(f"{key} has {len(after)} values; at most {most} are kept here.")


def write_values(
    mapping: ResourceMapping, identifier: UUID, changes: Changes, context: Context, *, fresh: bool
) -> None:
    """Write the changed attributes that have rows of their own; ``fresh``: none are there yet."""
    replaced, rows = [], []
    for key, (before, after) in changes.items():
        binding = mapping.bindings[key]
        if isinstance(binding, Rows):
            replaced += [binding.name] if before else []
            rows += binding.rows(identifier, after, mapping.targets[key].leaf)
        elif isinstance(binding, PerConnection):
            _write_external_id(binding.owner, identifier, after, context, fresh=fresh)
    if replaced and not fresh:
        _clear(len(replaced), connection.vendor).run([identifier, *replaced])
    if rows:
        insert(MultiValue, rows)


@lru_cache(maxsize=16)
def _clear(size: int, vendor: str) -> Any:
    names = slots(size, start=1)
    return compile_delete(
        MultiValue.objects.filter(one_of("attribute", names), user=Slot(0, models.UUIDField()))
    )


def _write_external_id(
    owner: str, identifier: UUID, value: str | None, context: Context, *, fresh: bool
) -> None:
    place: dict[str, Any] = {
        "connection_id": context.principal.connection_id,
        f"{owner}_id": identifier,
    }
    if value is None:
        ExternalId.objects.filter(**place).delete()
        return
    columns = {"value": value, "value_key": lookup_key(value)}
    if fresh:
        insert(
            ExternalId,
            [{"connection": place["connection_id"], owner: identifier, **columns}],
        )
    else:
        ExternalId.objects.update_or_create(**place, defaults=columns)
