"""What a write answers: the resource as a read would show it now."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from scim_provisioning.context import Context
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.identifiers import shown
from scim_provisioning.protocol.projection import Projection
from scim_provisioning.resources import query
from scim_provisioning.resources.bindings import Meta
from scim_provisioning.resources.mapping import ResourceMapping, pick, put
from scim_provisioning.resources.render import reader

from .membership import changed_elsewhere
from .rows import Stored


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write did: the resource as it is now, where the client asked to see it.

    ``status`` is that of the answer, the resource shown or not.
    """

    id: UUID
    version: str
    location: str
    status: int
    resource: dict[str, Json] | None = None
    changed: bool = True


def render(
    mapping: ResourceMapping,
    stored: Stored,
    context: Context,
    projection: Projection,
) -> dict[str, Json]:
    """Return a written resource as a read would: only relations that others write are read."""
    read = reader(mapping, projection)
    meta = mapping.bindings["meta"]
    assert isinstance(meta, Meta)
    facts = (stored.id, stored.created, stored.last_modified, stored.version)
    resource = {"id": shown(stored.id), "meta": meta.read(facts, context.base_url)}
    resource |= {key: _copied(value) for key, value in stored.document.items()}
    resource |= stored.beside
    again = mapping.memberships if changed_elsewhere.get() else ()
    if keys := read.wanted.intersection((*mapping.made_elsewhere, *again)):
        found = query.get(mapping, stored.id, Projection(attributes=keys), context) or {}
        for key in keys:
            if (value := pick(found, mapping.targets[key])) is not None:
                put(resource, mapping.targets[key], value)
    return read.finish(resource, context.base_url, whole=False)


def _copied(value: Json) -> Json:
    return dict(value) if isinstance(value, dict) else value
