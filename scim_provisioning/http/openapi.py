"""An OpenAPI 3.1 document of the service, made from the same schemas that it works by.

It says what the profile ``strict`` takes: the others take more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scim_provisioning.protocol import urns
from scim_provisioning.protocol.attributes import (
    Attribute,
    Json,
    Mutability,
    ResourceType,
    Returned,
    Schema,
    Type,
)
from scim_provisioning.resources import registry

MEDIA = "application/scim+json"
UNASSIGNED: Json = {"enum": [None, "", [], {}]}
KINDS: dict[Type, dict[str, Json]] = {
    Type.STRING: {"type": "string"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.INTEGER: {"type": "integer"},
    Type.DECIMAL: {"type": "number"},
    Type.DATETIME: {"type": "string", "format": "date-time"},
    Type.REFERENCE: {"type": "string", "format": "uri-reference"},
    Type.BINARY: {"type": "string", "contentEncoding": "base64"},
}
IGNORED = (Mutability.READ_ONLY, Mutability.WRITE_ONLY)


def document(base_url: str) -> dict[str, Json]:
    """Return the document of the service at a base URL."""
    types = [mapping.resource_type for mapping in registry.mappings()]
    paths: dict[str, Json] = {}
    components: dict[str, Json] = {"Error": ERROR, "PatchOp": _patch(), "SearchRequest": SEARCH}
    for kind in types:
        paths |= _paths(kind)
        components[kind.name] = _resource(kind, sent=False)
        components[f"{kind.name}Body"] = _resource(kind, sent=True)
        components[f"{kind.name}List"] = _list(_ref(kind.name))
    for name in ("ServiceProviderConfig", "ResourceTypes", "Schemas"):
        paths[f"/{name}"] = {"get": _operation(f"get{name}", {"200": OBJECT}, 403)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "SCIM 2.0", "version": "2.0"},
        "servers": [{"url": base_url}],
        "security": [{"bearer": []}, {"basic": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas(*known: str, core: str) -> Json:
    return {"type": "array", "items": {"enum": list(known)}, "contains": {"const": core}}


def _list(item: Json) -> Json:
    number = {"type": "integer", "minimum": 0}
    return {
        "type": "object",
        "required": ["schemas", "totalResults", "Resources"],
        "properties": {
            "schemas": {"const": [urns.LIST_RESPONSE]},
            "totalResults": number,
            "startIndex": number,
            "itemsPerPage": number,
            "Resources": {"type": "array", "items": item},
        },
    }


ERROR: Json = {
    "type": "object",
    "required": ["schemas", "status", "detail"],
    "properties": {
        "schemas": {"const": [urns.ERROR]},
        "status": {"type": "string", "pattern": "^[1-5][0-9][0-9]$"},
        "scimType": {"type": "string"},
        "detail": {"type": "string"},
    },
}
OBJECT: Json = {"type": "object", "required": ["schemas"]}
NAMES: Json = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
SEARCH: Json = {
    "type": "object",
    "required": ["schemas"],
    "properties": {
        "schemas": {"type": "array", "contains": {"const": urns.SEARCH_REQUEST}},
        "filter": {"type": ["string", "null"]},
        "sortBy": {"type": ["string", "null"]},
        "sortOrder": {"enum": ["ascending", "descending", "", None]},
        "startIndex": {"type": ["integer", "null"]},
        "count": {"type": ["integer", "null"]},
        "attributes": {"anyOf": [*NAMES["anyOf"], {"type": "null"}]},
        "excludedAttributes": {"anyOf": [*NAMES["anyOf"], {"type": "null"}]},
    },
}


def _patch() -> Json:
    operation = {
        "type": "object",
        "required": ["op"],
        "properties": {
            "op": {"enum": ["add", "remove", "replace"]},
            "path": {"type": ["string", "null"]},
            "value": {},
        },
    }
    # Too many are 413: a limit of the site, which says nothing of the form.
    operations = {"type": "array", "items": operation, "minItems": 1}
    return {
        "type": "object",
        "required": ["schemas", "Operations"],
        "properties": {
            "schemas": {"type": "array", "contains": {"const": urns.PATCH_OP}},
            "Operations": operations,
        },
    }


def _resource(kind: ResourceType, *, sent: bool) -> Json:
    """Return the schema of a resource as it is sent, or as it is answered."""
    core = kind.schema.id
    extensions = {schema.id: _object(schema.attributes, sent=sent) for schema in kind.extensions}
    if sent:
        extensions = {urn: {"anyOf": [part, UNASSIGNED]} for urn, part in extensions.items()}
    found: Json = _object((*kind.common, *kind.schema.attributes), sent=sent)
    found["properties"] |= extensions
    found["properties"]["schemas"] = _schemas(core, *extensions, core=core)
    found["required"] = ["schemas", *(_required(kind.schema) if sent else ["id"])]
    return found


def _required(schema: Schema) -> Iterable[str]:
    return (attribute.name for attribute in schema.attributes if attribute.required)


def _object(attributes: Iterable[Attribute], *, sent: bool) -> dict[str, Json]:
    shown = [a for a in attributes if sent or a.returned is not Returned.NEVER]
    properties = {attribute.name: _attribute(attribute, sent=sent) for attribute in shown}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _attribute(attribute: Attribute, *, sent: bool) -> Json:
    if sent and attribute.mutability in IGNORED:
        # Taken whatever it is, and left alone (RFC 7644 section 3.3).
        return {"description": attribute.description}
    value: Json = {**KINDS.get(attribute.type, {})}
    if attribute.is_complex:
        value = _object(attribute.sub_attributes, sent=sent)
    if sent and not attribute.multi_valued and attribute.required:
        return {**value, "minLength": 1, "pattern": "\\S"}
    if sent:
        value = {"anyOf": [value, UNASSIGNED]}
    if attribute.multi_valued:
        value = {"type": "array", "items": value}
        value = {"anyOf": [value, UNASSIGNED]} if sent else value
    return {**value, "description": attribute.description}


def _parameter(name: str, schema: Json, where: str = "query") -> Json:
    found = {"name": name, "in": where, "schema": schema}
    return {**found, "required": True} if where == "path" else found


PROJECTION = [_parameter(name, {"type": "string"}) for name in ("attributes", "excludedAttributes")]
QUERY = [
    *PROJECTION,
    *(_parameter(name, {"type": "string"}) for name in ("filter", "sortBy")),
    # An empty one is as good as none.
    _parameter("sortOrder", {"enum": ["ascending", "descending", ""]}),
    *(
        _parameter(name, {"anyOf": [{"type": "integer"}, {"const": ""}]})
        for name in ("startIndex", "count")
    ),
]
ID = _parameter("id", {"type": "string", "minLength": 1, "pattern": "^[^/?#.]+$"}, "path")
ALWAYS = (400, 401, 403, 429, 503)


def _operation(
    name: str,
    answers: dict[str, Json],
    *refusals: int,
    parameters: Iterable[Json] = (),
    body: Json = None,
) -> Json:
    content = {
        status: {"description": "Done", **({"content": {MEDIA: {"schema": s}}} if s else {})}
        for status, s in answers.items()
    }
    wrong = {"description": "Refused", "content": {MEDIA: {"schema": _ref("Error")}}}
    refused = {str(status): wrong for status in (*ALWAYS, *refusals)}
    found: dict[str, Any] = {
        "operationId": name,
        "parameters": list(parameters),
        "responses": {**content, **refused},
    }
    if body is not None:
        found["requestBody"] = {"required": True, "content": {MEDIA: {"schema": body}}}
    return found


def _paths(kind: ResourceType) -> dict[str, Json]:
    name, one, many = kind.name, _ref(kind.name), _ref(f"{kind.name}List")
    body = _ref(f"{name}Body")
    by_id = [ID, *PROJECTION]
    write = (404, 409, 412, 413, 415, 428)
    patch = {"200": one, "204": None}
    return {
        kind.endpoint: {
            "get": _operation(f"list{name}", {"200": many}, parameters=QUERY),
            "post": _operation(
                f"create{name}", {"201": one}, *write, parameters=PROJECTION, body=body
            ),
        },
        f"{kind.endpoint}/.search": {
            "post": _operation(f"search{name}", {"200": many}, 413, 415, body=_ref("SearchRequest"))
        },
        f"{kind.endpoint}/{{id}}": {
            "get": _operation(f"get{name}", {"200": one, "304": None}, 404, parameters=by_id),
            "put": _operation(f"replace{name}", {"200": one}, *write, parameters=by_id, body=body),
            "patch": _operation(
                f"patch{name}", patch, *write, parameters=by_id, body=_ref("PatchOp")
            ),
            "delete": _operation(f"delete{name}", {"204": None}, *write, parameters=[ID]),
        },
    }
