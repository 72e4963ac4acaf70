"""Attributes and schemas as data (RFC 7643 sections 2 and 7).

Everything the server knows about an attribute stands in one ``Attribute``:
parsing, validation, filtering, PATCH, projection and ``/Schemas`` read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

Json = Any
"""A value as :mod:`json` reads it: the one place where ``Any`` is allowed."""


def lowered(body: Json) -> dict[str, Json]:
    """Return an object by its names in lower case; an empty one for what is no object."""
    return {key.lower(): value for key, value in body.items()} if isinstance(body, dict) else {}


class Type(StrEnum):
    """Data types (RFC 7643 section 2.3, with ``binary`` by erratum 8435)."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATETIME = "dateTime"
    REFERENCE = "reference"
    BINARY = "binary"
    COMPLEX = "complex"


class Mutability(StrEnum):
    """Who may write an attribute (RFC 7643 section 7)."""

    READ_ONLY = "readOnly"
    READ_WRITE = "readWrite"
    IMMUTABLE = "immutable"
    WRITE_ONLY = "writeOnly"


class Returned(StrEnum):
    """When an attribute is in an answer (RFC 7643 section 7)."""

    ALWAYS = "always"
    NEVER = "never"
    DEFAULT = "default"
    REQUEST = "request"


class Uniqueness(StrEnum):
    """How far a value is unique (RFC 7643 section 7)."""

    NONE = "none"
    SERVER = "server"
    GLOBAL = "global"


class Format(StrEnum):
    """What a string is besides a string; the value is the words for a refusal."""

    COUNTRY = "a country's two letters of ISO 3166-1"
    PICTURE = "the address of a picture"
    CERTIFICATE = "one certificate in DER and base64"


@dataclass(frozen=True)
class Attribute:
    """One attribute or sub-attribute with its characteristics (RFC 7643 section 2.2)."""

    name: str
    type: Type = Type.STRING
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: Mutability = Mutability.READ_WRITE
    returned: Returned = Returned.DEFAULT
    uniqueness: Uniqueness = Uniqueness.NONE
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    description: str = ""
    format: Format | None = None
    sub_attributes: tuple[Attribute, ...] = ()

    @cached_property
    def _subs(self) -> dict[str, Attribute]:
        return {sub.name.lower(): sub for sub in self.sub_attributes}

    def sub(self, name: str) -> Attribute | None:
        """Return the sub-attribute of that name, whatever its letter case, or None."""
        return self._subs.get(name.lower())

    @property
    def is_complex(self) -> bool:
        """Whether values are objects."""
        return self.type is Type.COMPLEX


@dataclass(frozen=True)
class Schema:
    """A schema document: a URN and its attributes (RFC 7643 section 7)."""

    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]

    @cached_property
    def _attributes(self) -> dict[str, Attribute]:
        return {attribute.name.lower(): attribute for attribute in self.attributes}

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name, whatever its letter case, or None."""
        return self._attributes.get(name.lower())


@dataclass(frozen=True, slots=True)
class Target:
    """An attribute path found in a resource type: what a filter, PATCH or projection means.

    ``urn`` is the extension's, None for core and common attributes.
    """

    urn: str | None
    attribute: Attribute
    sub: Attribute | None = None

    @property
    def key(self) -> str:
        """The canonical name: ``userName``, ``name.givenName``, ``urn:…:User:department``."""
        name = f"{self.urn}:{self.attribute.name}" if self.urn else self.attribute.name
        return f"{name}.{self.sub.name}" if self.sub else name

    @property
    def leaf(self) -> Attribute:
        """The innermost attribute: the sub-attribute where there is one."""
        return self.sub or self.attribute


@dataclass(frozen=True)
class ResourceType:
    """A resource type: its endpoint, its schema and its extensions (RFC 7643 section 6).

    ``common`` holds ``schemas``, ``id``, ``externalId`` and ``meta`` (section 3.1).
    """

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    common: tuple[Attribute, ...] = field(default=())

    @cached_property
    def _common(self) -> dict[str, Attribute]:
        return {attribute.name.lower(): attribute for attribute in self.common}

    @cached_property
    def _extensions(self) -> dict[str, Schema]:
        return {schema.id.lower(): schema for schema in self.extensions}

    def extension(self, urn: str) -> Schema | None:
        """Return the extension schema of that URN, whatever its letter case, or None."""
        return self._extensions.get(urn.lower())

    def find(
        self, urn: str | None, name: str, sub: str | None = None, *, lenient: bool = False
    ) -> Target | None:
        """Find an attribute by its parts, ignoring letter case; None where there is none.

        ``lenient`` also finds an extension's attribute by its bare name, as Microsoft
        Entra ID asks for ``manager`` without the URN.
        """
        owner, attribute = self._find_attribute(urn, name, lenient)
        if attribute is None:
            return None
        if sub is None:
            return Target(owner, attribute)
        found = attribute.sub(sub)
        return Target(owner, attribute, found) if found else None

    def _find_attribute(
        self, urn: str | None, name: str, lenient: bool
    ) -> tuple[str | None, Attribute | None]:
        if urn is not None and urn.lower() != self.schema.id.lower():
            schema = self.extension(urn)
            return (schema.id, schema.attribute(name)) if schema else (None, None)
        attribute = self.schema.attribute(name) or self._common.get(name.lower())
        if attribute is not None or urn is not None or not lenient:
            return None, attribute
        for schema in self.extensions:
            if found := schema.attribute(name):
                return schema.id, found
        return None, None
