"""A resource opened for a write: locked, the client's precondition and right to write checked."""

from __future__ import annotations

from scim_provisioning import hosting
from scim_provisioning.context import Context
from scim_provisioning.protocol.errors import PreconditionFailed, PreconditionRequired
from scim_provisioning.resources.bindings import etag
from scim_provisioning.resources.mapping import ResourceMapping
from scim_provisioning.statements import update

from . import adopting, announcements, ownership
from .rows import Stored, load


def opened(
    mapping: ResourceMapping, identifier: str, context: Context, *, lock: bool = True
) -> Stored:
    """Load a resource for a write, with the client's right and precondition checked."""
    stored = load(mapping, identifier, context, lock=lock or context.if_match is not None)
    _check_precondition(stored, context)
    claim(mapping, stored, context)
    return stored


def claim(mapping: ResourceMapping, stored: Stored, context: Context) -> None:
    """Check that the client may write to a resource, and link it where it is local."""
    if mapping.owner and (host := hosting.current()):
        host.open(mapping.owner, stored.owner_id)
    stored = adopting.heed(mapping, stored, context)
    if ownership.claim(stored, context.principal.connection_id, mapping.owner):
        update(mapping.model, stored.id, {"connection": context.principal.connection_id})
        context.notes.append("linked to this connection")
        announcements.provisioned(mapping, stored, context, created=False)


def _check_precondition(stored: Stored, context: Context) -> None:
    """Raise PreconditionFailed or PreconditionRequired (RFC 7644 section 3.14)."""
    if context.if_match is None:
        if context.principal.requires_if_match:
            raise PreconditionRequired
    elif not matches(context.if_match, etag(stored.version)):
        raise PreconditionFailed


def matches(header: str, tag: str) -> bool:
    """Whether an ``If-Match`` or ``If-None-Match`` header names an entity tag, compared weakly."""
    tags = {named.strip().removeprefix("W/") for named in header.split(",")}
    return "*" in tags or tag.removeprefix("W/") in tags
