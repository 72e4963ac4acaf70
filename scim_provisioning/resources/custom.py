"""What administrators declared, as this process knows it.

A client's connection, read with its credentials anyway, tells when that last changed: a
process that knows less reads it again, at once and only then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max

from scim_provisioning import conf
from scim_provisioning.models import Connection, CustomAttribute
from scim_provisioning.protocol.attributes import Attribute, Schema, Type


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """The extension of each resource type that has one, as of a moment; compared by identity."""

    moment: datetime | None = None
    schemas: Mapping[str, Schema] = field(default_factory=dict)


_known = Declared()


def known() -> Declared:
    """Return what this process knows."""
    return _known


def refresh(moment: datetime | None) -> None:
    """Read the attributes again where they changed at a later moment than this process knows."""
    global _known
    if moment is not None and (_known.moment is None or moment > _known.moment):
        _known = Declared(moment, _read())


def refresh_from_database() -> None:
    """The same where no client's connection tells the moment."""
    refresh(Connection.objects.aggregate(latest=Max("schemas_changed"))["latest"])


def _read() -> Mapping[str, Schema]:
    found: dict[str, list[Attribute]] = defaultdict(list)
    for row in CustomAttribute.objects.filter(hidden=False):
        found[row.resource_type].append(_attribute(row))
    return {
        name: Schema(urn(name), f"Custom{name}", "What this site adds", tuple(attributes))
        for name, attributes in found.items()
    }


def _attribute(row: CustomAttribute) -> Attribute:
    kind = Type(row.type)
    return Attribute(
        row.name,
        kind,
        multi_valued=row.multi_valued,
        case_exact=row.case_exact or kind is Type.REFERENCE,
        reference_types=("external",) if kind is Type.REFERENCE else (),
        description=row.description,
    )


def urn(resource_type: str) -> str:
    """Return the URN of the extension of a resource type."""
    return f"{conf.current().custom_schema}:{resource_type}"
