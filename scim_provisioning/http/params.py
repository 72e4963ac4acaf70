"""Query parameters and search messages, made into a query (RFC 7644 section 3.4.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from scim_provisioning import conf
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import InvalidValue
from scim_provisioning.protocol.messages import SEARCH_FIELDS, parameter_error
from scim_provisioning.protocol.policy import policy_for
from scim_provisioning.protocol.projection import Projection
from scim_provisioning.resources.asked import Search
from scim_provisioning.resources.mapping import ResourceMapping

VERSION = "meta.version"
LISTS = ("attributes", "excludedAttributes")
INTEGER = re.compile(r"[+-]?[0-9]{1,400}")


def from_query(query: QueryDict) -> dict[str, Json]:
    """Return the parameters of a URL; raise InvalidValue, or its like, for one with two values.

    Lists may be given in parts. Unknown parameters are left alone.
    """
    found: dict[str, Json] = {}
    for name, values in query.lists():
        if name in LISTS:
            found[name] = ",".join(map(str, values))
        elif name in SEARCH_FIELDS.values() and len(set(values)) > 1:
            # Taking either would answer another question than the client asked.
            raise parameter_error(name, "cursor" in query)(f"{name} is given twice.")
        else:
            found[name] = values[-1]
    return found


def projection(
    parameters: Mapping[str, Any],
    mapping: ResourceMapping,
    profile: str,
    asked: Sequence[ResourceMapping] = (),
) -> Projection:
    """Return what the client asks to see; raise InvalidValue.

    Where several resource types are ``asked``, a name has to be known to one of them.
    """
    return Projection.parse(
        parameters.get("attributes"),
        parameters.get("excludedAttributes"),
        mapping.resource_type,
        policy_for(profile),
        [other.resource_type for other in asked],
    )


def with_version(asked: Projection) -> Projection:
    """Return a projection that reads ``meta.version`` too: the ETag does not depend on the body."""
    attributes = None if asked.attributes is None else asked.attributes | {VERSION}
    return Projection(attributes, asked.excluded - {"meta", VERSION})


def search(
    parameters: Mapping[str, Any], mappings: Sequence[ResourceMapping], profile: str
) -> Search:
    """Return the query that parameters describe; raise InvalidValue, or InvalidCount.

    ``cursor`` chooses the way of paging: ``startIndex`` beside it says nothing (RFC 9865).
    """
    settings = conf.current()
    count = _integer(parameters, "count", settings.default_page_size)
    order = parameters.get("sortOrder") or "ascending"
    if order.lower() not in ("ascending", "descending"):
        raise InvalidValue("sortOrder is ascending or descending.")
    return Search(
        projections=tuple(projection(parameters, m, profile, mappings) for m in mappings),
        filter=parameters.get("filter"),
        sort_by=parameters.get("sortBy") or None,
        descending=order.lower() == "descending",
        start_index=max(1, _integer(parameters, "startIndex", 1)),
        count=min(max(0, count), settings.max_page_size),
        cursor=parameters.get("cursor"),
    )


def _integer(parameters: Mapping[str, Json], name: str, default: int) -> int:
    value = parameters.get(name)
    if value is None or value == "":
        return default
    if not INTEGER.fullmatch(str(value).strip()):
        error = parameter_error(name, "cursor" in parameters)
        raise error(f"{name} has to be an integer.")
    # What databases take as an offset; there is nothing beyond it.
    return max(min(int(value), 2**62), -1)
