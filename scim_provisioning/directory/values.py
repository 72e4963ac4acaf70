"""The attributes that have rows of their own: only what changed is written."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, models

from scim_provisioning import conf
from scim_provisioning.context import Context
from scim_provisioning.models import ExternalId, MultiValue
from scim_provisioning.protocol.errors import InvalidValue
from scim_provisioning.resources.bindings import PerConnection
from scim_provisioning.resources.expressions import lookup_key
from scim_provisioning.resources.mapping import Changes, ResourceMapping
from scim_provisioning.resources.relations import Rows
from scim_provisioning.statements import Slot, compile_delete, insert, one_of, slots


def check_counts(changes: Changes) -> None:
    """Raise InvalidValue where an attribute would have more values than the settings allow.

    One that has them already, from before there was the limit, may lose some.
    """
    most = conf.current().max_values
    for key, (before, after) in changes.items():
        if isinstance(after, list) and len(after) > max(most, len(before or ())):
            raise InvalidValue(f"{key} has {len(after)} values; at most {most} are kept here.")


def write(
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
