"""The messages of the protocol (RFC 7644 section 3.4.2, 3.4.3 and 3.12)."""

from __future__ import annotations

from collections.abc import Sequence

from . import urns
from .attributes import Json, lowered
from .bulk import BulkOperation
from .errors import InvalidCount, InvalidCursor, InvalidSyntax, InvalidValue, ScimError

SEARCH_FIELDS = {
    name.lower(): name
    for name in (
        "attributes",
        "excludedAttributes",
        "filter",
        "sortBy",
        "sortOrder",
        "startIndex",
        "count",
        "cursor",
    )
}


def error(exc: ScimError) -> dict[str, Json]:
    """Return the body of an error; ``status`` is a string."""
    body: dict[str, Json] = {"schemas": [urns.ERROR], "status": str(exc.status)}
    if exc.scim_type:
        body["scimType"] = exc.scim_type
    return {**body, "detail": exc.detail}


def list_response(
    resources: Sequence[Json], total: int, start_index: int | None = 1, **cursors: str | None
) -> dict[str, Json]:
    """Return a page of resources; ``Resources`` is there where nothing matches, too.

    The RFC lets it be left out then; clients are written for the empty list. A page by cursor
    has no start index, and those of ``nextCursor`` and ``previousCursor`` that are given (RFC
    9865 section 2).
    """
    body: dict[str, Json] = {"schemas": [urns.LIST_RESPONSE], "totalResults": total}
    if start_index is not None:
        body["startIndex"] = start_index
    body["itemsPerPage"] = len(resources)
    body |= {name: cursor for name, cursor in cursors.items() if cursor is not None}
    body["Resources"] = list(resources)
    return body


def bulk_response(results: Sequence[Json]) -> dict[str, Json]:
    """Return the answer to a Bulk (RFC 7644 section 3.7)."""
    return {"schemas": [urns.BULK_RESPONSE], "Operations": list(results)}


def bulk_result(
    operation: BulkOperation,
    *,
    status: int,
    location: str | None,
    version: str | None,
    refusal: ScimError | None,
) -> dict[str, Json]:
    """Return what became of one operation of a Bulk; only a refusal has a ``response``."""
    facts = {
        "method": operation.method or None,
        "bulkId": operation.bulk_id,
        "location": location,
        "version": version,
        "status": str(status),
        "response": error(refusal) if refusal else None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def parse_search(body: Json) -> dict[str, Json]:
    """Return the parameters of a ``.search`` body, named as in a query string.

    Raises InvalidSyntax for another message, InvalidValue and the like for a wrong type.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("The body has to be a JSON object.")
    fields = lowered(body)
    given = fields.get("schemas")
    known = (
        [urn.lower() for urn in given if isinstance(urn, str)] if isinstance(given, list) else []
    )
    if urns.SEARCH_REQUEST.lower() not in known:
        raise InvalidSyntax(f"schemas has to hold {urns.SEARCH_REQUEST}.")
    found = {
        name: fields[key] for key, name in SEARCH_FIELDS.items() if fields.get(key) is not None
    }
    for name, value in found.items():
        if not _fits(name, value):
            raise parameter_error(name, "cursor" in found)(f"{name} is of the wrong type.")
    return found


def parameter_error(name: str, by_cursor: bool) -> type[ScimError]:
    """Return the error of a wrong parameter; paging by cursor has its own (RFC 9865 2.1)."""
    if name == "cursor":
        return InvalidCursor
    return InvalidCount if name == "count" and by_cursor else InvalidValue


def _fits(name: str, value: Json) -> bool:
    if name in ("startIndex", "count"):
        return isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, list) and name in ("attributes", "excludedAttributes"):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, str)
