"""What an adapter shows otherwise than django-scim2 would, laid over a resource of ours."""

from __future__ import annotations

from typing import Any

from django_scim.exceptions import NotImplementedError as NotDone

from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.projection import Projection

from . import contract

OURS = ("id", "meta", "schemas")
MEMBERSHIPS = ("groups", "members")


class Wanted:
    """What a client asked to see, names that no schema knows included."""

    def __init__(self, projection: Projection, request: Any) -> None:
        self.all = projection.attributes is None
        names = projection.excluded if self.all else projection.attributes or frozenset()
        asked = request.GET.get("excludedAttributes" if self.all else "attributes", "")
        self.names = {name.strip().lower() for name in (*names, *asked.split(","))}

    def __contains__(self, name: str) -> bool:
        return (name.lower() in self.names) != self.all


def show(
    owner: str, instance: Any, request: Any, resource: dict[str, Json], wanted: Wanted
) -> None:
    """Add to a resource what the site's adapter adds, and change what it changes."""
    told = contract.adapter(owner)(instance, request).to_dict()
    stock = _stock(owner, instance, request)
    for name, value in told.items():
        if name in OURS or name not in wanted or stock.get(name) == value:
            continue
        if name in MEMBERSHIPS and not contract.overrides(owner, [name]):
            continue
        resource[name] = value
    known = resource.get("schemas", [])
    added = [urn for urn in told.get("schemas", ()) if urn not in known]
    if added and known and wanted.all:
        resource["schemas"] = [*known, *added]


def _stock(owner: str, instance: Any, request: Any) -> dict[str, Json]:
    """Return what the package's own adapter would show, nothing where it cannot."""
    base = contract.ADAPTERS[owner]
    without: dict[str, Any] = {name: property(lambda self: []) for name in MEMBERSHIPS}
    plain = type("Plain", (base,), {**without, "id_field": contract.id_field(owner)})
    try:
        found: dict[str, Json] = plain(instance, request).to_dict()
    except (AttributeError, NotDone):
        return {}
    return found
