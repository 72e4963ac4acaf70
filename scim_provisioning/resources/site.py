"""What a site declares resources of its own with.

``SCIM_PROVISIONING["RESOURCES"]`` names the mappings that are made here.
"""

from __future__ import annotations

from collections.abc import Mapping

from scim_provisioning.models import ScimResource
from scim_provisioning.protocol.attributes import ResourceType, Schema
from scim_provisioning.protocol.schemas import COMMON

from .bindings import (
    AccountColumn,
    Binding,
    Column,
    Identifier,
    Meta,
    OwnersExternalId,
    SchemasInUse,
)
from .extensions import extended
from .mapping import ResourceMapping


def resource(
    endpoint: str, schema: Schema, model: type[ScimResource], bindings: Mapping[str, Binding]
) -> ResourceMapping:
    """Return the mapping of a further resource type, named as its schema is.

    The attributes that every resource has are bound already.
    """
    common: dict[str, Binding] = {
        "schemas": SchemasInUse(schema.id),
        "id": Identifier(),
        "externalId": OwnersExternalId(),
        "meta": Meta(schema.name, endpoint),
    }
    return ResourceMapping(
        declared=ResourceType(schema.name, endpoint, schema.description, schema, common=COMMON),
        model=model,
        bindings={**common, **bindings},
    )


__all__ = ["AccountColumn", "Column", "extended", "resource"]
