"""The schemas that the portal serves, from its resource mappings."""

from __future__ import annotations

from collections.abc import Iterator

from scim_provisioning.protocol.attributes import Attribute, Returned, Schema, Uniqueness
from scim_provisioning.resources import registry

from .markdown import code, table

HEAD = """# Schemas

What a portal without custom attributes serves at `/Schemas`. Sub-attributes stand below their
attribute. An attribute is read and written by clients, and returned by default, unless its traits
say something else. The whole service as an OpenAPI document: `python3 manage.py scim_openapi`.
"""


def text() -> str:
    """Return the page."""
    parts = [HEAD]
    for mapping in registry.mappings():
        kind = mapping.resource_type
        parts.append(f"\n## {kind.name}: `{kind.endpoint}`\n")
        parts += [_schema(schema) for schema in (kind.schema, *kind.extensions)]
    return "".join(parts)


def _schema(schema: Schema) -> str:
    rows = [row for attribute in schema.attributes for row in _rows(attribute, "")]
    told = table(("Attribute", "Type", "Traits", "Meaning"), rows)
    return f"\n### {schema.name}\n\n`{schema.id}`\n\n{told}"


def _rows(attribute: Attribute, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    kind = f"{attribute.type}, several" if attribute.multi_valued else str(attribute.type)
    name = f"{prefix}{attribute.name}"
    yield code(name), kind, ", ".join(_traits(attribute)), attribute.description
    for sub in attribute.sub_attributes:
        yield from _rows(sub, f"{name}.")


def _traits(attribute: Attribute) -> Iterator[str]:
    if attribute.required:
        yield "required"
    if attribute.mutability != "readWrite":
        yield str(attribute.mutability)
    if attribute.returned is not Returned.DEFAULT:
        yield f"returned: {attribute.returned}"
    if attribute.uniqueness is not Uniqueness.NONE:
        yield f"unique: {attribute.uniqueness}"
    if attribute.case_exact:
        yield "caseExact"
    if attribute.canonical_values:
        yield "usually " + ", ".join(map(code, attribute.canonical_values))
