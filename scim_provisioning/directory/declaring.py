"""Custom attributes declared and taken back: which names are free, and what becomes of values."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.db.models.fields.json import KeyTransform
from django.db.models.lookups import IsNull
from django.utils import timezone

from scim_provisioning.models import CustomAttribute
from scim_provisioning.protocol.attributes import Attribute
from scim_provisioning.resources import custom, registry
from scim_provisioning.resources.bindings import EXTENSIONS, InJsonColumn
from scim_provisioning.resources.extensions import InJson

BATCH = 1000
SUB_ATTRIBUTES = frozenset({"value", "type", "primary", "display"})
"""Names with a meaning of their own (RFC 7643 section 2.4)."""


def resource_types() -> list[str]:
    """Return the names of the resource types whose rows have room for custom attributes."""
    return [
        mapping.declared.name
        for mapping in registry.mappings()
        if any(field.name == EXTENSIONS for field in mapping.model._meta.get_fields())
    ]


def is_taken(resource_type: str, name: str) -> bool:
    """Whether a name means something else already, in the core or in any extension.

    A bare name is looked for in every extension: see ``Policy.bare_extension_names``.
    """
    mapping = registry.mapping(resource_type)
    target = mapping.declared.find(None, name, lenient=True)
    if name.lower() in SUB_ATTRIBUTES:
        return True
    return target is not None and target.urn != custom.urn(resource_type)


def holders(attribute: CustomAttribute) -> models.QuerySet[Any, Any]:
    """Return the rows that hold a value of an attribute, hidden or not."""
    rows: models.QuerySet[Any, Any] = registry.mapping(
        attribute.resource_type
    ).model._default_manager.all()
    place = KeyTransform(
        attribute.name, KeyTransform(custom.urn(attribute.resource_type), EXTENSIONS)
    )
    return rows.filter(IsNull(place, False))


def remove(attribute: CustomAttribute) -> int:
    """Delete an attribute and its values, batch by batch; return how many held one."""
    binding: InJsonColumn = InJson(custom.urn(attribute.resource_type), attribute.name)
    nothing, count = Attribute(attribute.name), 0
    with transaction.atomic():
        rows = holders(attribute).order_by("pk")
        while batch := list(rows.select_for_update().only("pk", EXTENSIONS)[:BATCH]):
            for row in batch:
                row.extensions = binding.merge(row.extensions, None, nothing)
            manager: Any = type(batch[0])._default_manager
            manager.bulk_update(batch, [EXTENSIONS])
            keys = [row.pk for row in batch]
            moved = {"version": F("version") + 1, "last_modified": timezone.now()}
            manager.filter(pk__in=keys).update(**moved)
            count += len(batch)
        attribute.delete()
    return count
