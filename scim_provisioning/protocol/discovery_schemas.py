"""The schemas of the discovery documents themselves (RFC 7643 sections 5 to 7)."""

from __future__ import annotations

from typing import Any

from . import urns
from .attributes import Attribute, Mutability, Returned, Schema, Type


def fact(name: str, type: Type = Type.STRING, **traits: Any) -> Attribute:
    """Return a read-only attribute: clients change nothing in discovery."""
    return Attribute(name, type, mutability=Mutability.READ_ONLY, **traits)


def part(name: str, *subs: Attribute, **traits: Any) -> Attribute:
    """Return a read-only complex attribute."""
    return fact(name, Type.COMPLEX, sub_attributes=subs, **traits)


SUPPORTED = fact("supported", Type.BOOLEAN, required=True)

SERVICE_PROVIDER_CONFIG = Schema(
    urns.SERVICE_PROVIDER_CONFIG,
    "ServiceProviderConfig",
    "What the service provider supports",
    (
        fact("documentationUri", Type.REFERENCE, reference_types=("external",), case_exact=True),
        part("patch", SUPPORTED, required=True),
        part(
            "bulk",
            SUPPORTED,
            fact("maxOperations", Type.INTEGER, required=True),
            fact("maxPayloadSize", Type.INTEGER, required=True),
            required=True,
        ),
        part("filter", SUPPORTED, fact("maxResults", Type.INTEGER, required=True), required=True),
        part("changePassword", SUPPORTED, required=True),
        part("sort", SUPPORTED, required=True),
        part("etag", SUPPORTED, required=True),
        fact("interopProfileConformant", Type.BOOLEAN),
        part(
            "pagination",
            fact("cursor", Type.BOOLEAN, required=True),
            fact("index", Type.BOOLEAN, required=True),
            fact("defaultPaginationMethod", canonical_values=("cursor", "index")),
            fact("defaultPageSize", Type.INTEGER),
            fact("maxPageSize", Type.INTEGER),
            fact("cursorTimeout", Type.INTEGER),
        ),
        part(
            "authenticationSchemes",
            fact(
                "type",
                required=True,
                canonical_values=(
                    "oauth",
                    "oauth2",
                    "oauthbearertoken",
                    "httpbasic",
                    "httpdigest",
                ),
            ),
            fact("name", required=True),
            fact("description", required=True),
            fact("specUri", Type.REFERENCE, reference_types=("external",), case_exact=True),
            fact(
                "documentationUri", Type.REFERENCE, reference_types=("external",), case_exact=True
            ),
            fact("primary", Type.BOOLEAN),
            multi_valued=True,
            required=True,
        ),
    ),
)

RESOURCE_TYPE = Schema(
    urns.RESOURCE_TYPE,
    "ResourceType",
    "The schemas of one kind of resource",
    (
        fact("id"),
        fact("name", required=True),
        fact("description"),
        fact("endpoint", Type.REFERENCE, reference_types=("uri",), case_exact=True, required=True),
        fact("schema", Type.REFERENCE, reference_types=("uri",), case_exact=True, required=True),
        part(
            "schemaExtensions",
            fact(
                "schema", Type.REFERENCE, reference_types=("uri",), case_exact=True, required=True
            ),
            fact("required", Type.BOOLEAN, required=True),
            multi_valued=True,
        ),
    ),
)

_TYPES = ("string", "boolean", "decimal", "integer", "dateTime", "reference", "binary")


def _traits(name: str, types: tuple[str, ...], *more: Attribute) -> Attribute:
    """Return the attribute that describes attributes, once for each of its two levels."""
    return part(
        name,
        fact("name", required=True, case_exact=True),
        fact("type", required=True, canonical_values=types),
        fact("multiValued", Type.BOOLEAN, required=True),
        fact("description"),
        fact("required", Type.BOOLEAN),
        fact("canonicalValues", multi_valued=True, case_exact=True),
        fact("caseExact", Type.BOOLEAN),
        fact("mutability", canonical_values=tuple(Mutability)),
        fact("returned", canonical_values=tuple(Returned)),
        fact("uniqueness", canonical_values=("none", "server", "global")),
        fact("referenceTypes", multi_valued=True, case_exact=True),
        *more,
        multi_valued=True,
        required=name == "attributes",
    )


SCHEMA = Schema(
    urns.SCHEMA,
    "Schema",
    "The attributes of a resource",
    (
        Attribute(
            "id",
            case_exact=True,
            required=True,
            mutability=Mutability.READ_ONLY,
            returned=Returned.ALWAYS,
        ),
        fact("name"),
        fact("description"),
        _traits("attributes", (*_TYPES, "complex"), _traits("subAttributes", _TYPES)),
    ),
)
