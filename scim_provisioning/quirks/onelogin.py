"""Habits of OneLogin."""

from __future__ import annotations

from scim_provisioning.protocol import urns
from scim_provisioning.protocol.attributes import Json

FIRST_VERSION = {
    "urn:scim:schemas:core:1.0": urns.USER,
    "urn:scim:schemas:extension:enterprise:1.0": urns.ENTERPRISE_USER,
    "urn:scim:schemas:extension:enterprise:1.0:user": urns.ENTERPRISE_USER,
}


def first_version_urns(body: Json, notes: list[str]) -> Json:
    """Some connectors name the schemas of SCIM 1.1 in bodies that are 2.0 otherwise."""
    if not isinstance(body, dict) or not isinstance(body.get("schemas"), list):
        return body
    if not any(_second(urn) != urn for urn in [*body["schemas"], *body]):
        return body
    notes.append("schemas of SCIM 1.1 were read as those of 2.0")
    renamed = {_second(key): value for key, value in body.items()}
    return {**renamed, "schemas": [_second(urn) for urn in body["schemas"]]}


def _second(urn: Json) -> Json:
    return FIRST_VERSION.get(urn.lower(), urn) if isinstance(urn, str) else urn
