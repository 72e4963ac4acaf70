"""What a refused constraint means to the client: 409, or what else, and without database text."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError

from scim_provisioning.context import Context
from scim_provisioning.models import FindingKind
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import Conflict, NotFound, ScimError, Uniqueness
from scim_provisioning.protocol.fold import fold, readings
from scim_provisioning.resources.bindings import Column
from scim_provisioning.resources.mapping import Changes, ResourceMapping, pick

from .ownership import Draft, draft


class Reserved(Uniqueness):
    """409: the name belongs to a protected account or group; it carries the finding."""

    def __init__(self, detail: str, found: Draft) -> None:
        super().__init__(detail)
        self.draft = found


def explain(
    mapping: ResourceMapping, context: Context, body: Json, error: IntegrityError
) -> ScimError:
    """Return the error that an IntegrityError stands for."""
    if "foreign key" in str(error).lower():
        # A member, or the group itself, was deleted while it was being added to.
        return NotFound("The resource, or one that it refers to, is gone.")
    name, noun = mapping.naming or "value", mapping.declared.name.lower()
    found = _holder(mapping, body)
    if found is not None and not found.listed:
        detail = f"The {name} is that of a protected {noun}: an administrator has to allow it."
        return Reserved(detail, draft(FindingKind.PROTECTED, mapping.owner, found.pk))
    if found is not None or "unique" in str(error).lower():
        return Uniqueness(f"Another {noun} has that {name}, or another unique value of it.")
    return Conflict()


def check_likeness(mapping: ResourceMapping, changes: Changes) -> None:
    """Raise Uniqueness for a name that people would take for a protected one's.

    It asks nothing where a name is read as it compares: nearly always.
    """
    column = mapping.bindings.get(mapping.naming or "")
    name = changes.get(mapping.naming or "", (None, None))[1]
    if not isinstance(column, Column) or not name or not (looks := readings(name) - {fold(name)}):
        return
    likes = {f"{column.key}__in": looks, "listed": False}
    rows = mapping.model._default_manager.filter(**likes)
    if rows.exists():
        noun = mapping.declared.name.lower()
        raise Uniqueness(f"The {mapping.naming} looks like that of a protected {noun}.")


def _holder(mapping: ResourceMapping, body: Json) -> Any:
    """Return the row that holds the name which a body asks for."""
    column = mapping.bindings.get(mapping.naming or "")
    if not isinstance(column, Column) or not isinstance(body, dict):
        return None
    assert mapping.naming is not None
    value = pick(body, mapping.targets[mapping.naming])
    if not isinstance(value, str):
        return None
    return mapping.model._default_manager.filter(**{str(column.key): fold(value)}).first()
