"""Query parameters and search messages, made into a query (RFC 7644 section 3.4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scim_provisioning import conf
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import InvalidValue
from scim_provisioning.protocol.policy import policy_for
from scim_provisioning.protocol.projection import Projection
from scim_provisioning.resources.mapping import ResourceMapping
from scim_provisioning.resources.query import Search


def projection(parameters: Mapping[str, Any], mapping: ResourceMapping, profile: str) -> Projection:
    """Return what the client asks to see; raise InvalidValue."""
    return Projection.parse(
        parameters.get("attributes"),
        parameters.get("excludedAttributes"),
        mapping.resource_type,
        policy_for(profile),
    )


def search(parameters: Mapping[str, Any], mapping: ResourceMapping, profile: str) -> Search:
    """Return the query that parameters describe; raise InvalidValue."""
    settings = conf.current()
    count = _integer(parameters, "count", settings.default_page_size)
    order = parameters.get("sortOrder", "ascending")
    if order.lower() not in ("ascending", "descending"):
        raise InvalidValue("sortOrder is ascending or descending.")
    return Search(
        projection=projection(parameters, mapping, profile),
        filter=parameters.get("filter"),
        sort_by=parameters.get("sortBy") or None,
        descending=order.lower() == "descending",
        start_index=max(1, _integer(parameters, "startIndex", 1)),
        count=min(max(0, count), settings.max_page_size),
    )


def _integer(parameters: Mapping[str, Json], name: str, default: int) -> int:
    value = parameters.get(name)
    if value is None or value == "":
        return default
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise InvalidValue(f"{name} has to be an integer.") from None
    # What databases take as an offset; there is nothing beyond it.
    return max(min(number, 2**62), -1)
