"""What a Group is here: the one place where an attribute is tied to a column."""

from __future__ import annotations

from scim_provisioning.models import ScimGroup
from scim_provisioning.protocol.schemas import GROUP_TYPE
from scim_provisioning.protocol.urns import GROUP as CORE

from .bindings import Column, Identifier, Meta, PerConnection, SchemasInUse
from .mapping import ResourceMapping
from .relations import Membership

GROUP = ResourceMapping(
    declared=GROUP_TYPE,
    model=ScimGroup,
    owner="group",
    bindings={
        "schemas": SchemasInUse(CORE),
        "id": Identifier(),
        "externalId": PerConnection("group"),
        "meta": Meta("Group", "/Groups"),
        "displayName": Column("display_name", key="display_name_key", limit=256),
        "members": Membership("members", "/Users", "User"),
    },
)
