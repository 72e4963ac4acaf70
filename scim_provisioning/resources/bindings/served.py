"""What the server says of a resource: its id, its URI, its version and its schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat

from scim_provisioning.protocol.attributes import Json, Target, Type
from scim_provisioning.protocol.errors import InvalidFilter
from scim_provisioning.protocol.identifiers import parse, shown
from scim_provisioning.protocol.tree import Operator
from scim_provisioning.resources.expressions import BASE_URL, TEXT, IdText, Operand, constant
from scim_provisioning.statements import Slot

from .base import FIELDS, Binding, timestamp


class Identifier(Binding):
    """``id``: the key of the row."""

    @property
    def columns(self) -> Sequence[Any]:
        """The primary key."""
        return ("id",)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the id as text."""
        return shown(values[0])

    def operand(self, target: Target) -> Operand:
        """Return the key for ``eq``, its text for the rest."""
        return uuid_operand("id")


def uuid_operand(path: str) -> Operand:
    """Return an operand on a UUID column: by index for ``eq``, as text for the rest."""
    # Among their own kind, the ids sort as their texts do.
    return Operand(
        IdText(F(path)), key=F(path), key_field=models.UUIDField(), bind=parse, sorts=True
    )


def reference_operand(path: str, endpoint: str) -> Operand:
    """Return an operand on the URI of a resource whose id stands in ``path``."""
    base = Slot(BASE_URL, TEXT)
    return Operand(Concat(base, Value(f"{endpoint}/"), IdText(F(path)), output_field=TEXT))


@dataclass(frozen=True)
class Meta(Binding):
    """``meta`` (RFC 7643 section 3.1): all of it is the server's."""

    type_name: str
    endpoint: str

    @property
    def columns(self) -> Sequence[Any]:
        """What the sub-attributes are made of."""
        return ("id", "created", "last_modified", "version")

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the whole of ``meta``."""
        identifier, created, modified, version = values
        return {
            "resourceType": self.type_name,
            "created": timestamp(created),
            "lastModified": timestamp(modified),
            "location": f"{base_url}{self.endpoint}/{shown(identifier)}",
            "version": etag(version),
        }

    def operand(self, target: Target) -> Operand:
        """Return the operand of a sub-attribute."""
        match target.sub.name if target.sub else None:
            case "created":
                return Operand(F("created"), FIELDS[Type.DATETIME])
            case "lastModified":
                return Operand(F("last_modified"), FIELDS[Type.DATETIME])
            case "version":
                number = Cast(F("version"), TEXT)
                return Operand(Concat(Value('W/"'), number, Value('"'), output_field=TEXT))
            case "location":
                return reference_operand("id", self.endpoint)
            case "resourceType":
                return constant(self.type_name)
        raise InvalidFilter("Name a sub-attribute of meta.")

    def present(self, target: Target) -> Any:
        """Every resource has all of it."""
        return models.Q(pk__isnull=False)


def etag(version: int) -> str:
    """Return the weak entity tag of a version (RFC 7644 section 3.14)."""
    return f'W/"{version}"'


@dataclass(frozen=True)
class SchemasInUse(Binding):
    """``schemas``: the core schema, and each extension that has a value (RFC 7643 section 3).

    The mapping it stands in tells when an extension is in use: see ``filters.where``.
    """

    core: str

    def compare(
        self, operator: Operator, index: int, extensions: Mapping[str, models.Q]
    ) -> models.Q:
        """Return whether one of the schemas in use meets the comparison."""
        condition = models.Q(constant(self.core).compare(operator, index))
        for urn, in_use in extensions.items():
            condition |= models.Q(constant(urn).compare(operator, index)) & in_use
        return condition

    def by_index(self, operator: Operator, target: Target) -> bool:
        """No index tells which schemas are in use."""
        return False

    def present(self, target: Target) -> Any:
        """Every resource has schemas."""
        return models.Q(pk__isnull=False)


@dataclass(frozen=True)
class Reference(Binding):
    """A ``$ref`` made of the id beside it, which may name nobody here."""

    column: str
    endpoint: str
    source: Target

    def derive(self, value: Json, base_url: str) -> str:
        """Return the URI of the resource of that id."""
        return f"{base_url}{self.endpoint}/{value}"

    def operand(self, target: Target) -> Operand:
        """Return the URI as rows make it."""
        base = Slot(BASE_URL, TEXT)
        uri = Concat(base, Value(f"{self.endpoint}/"), F(self.column), output_field=TEXT)
        return Operand(uri)

    def present(self, target: Target) -> Any:
        """It is there where the id is."""
        return models.Q(**{f"{self.column}__isnull": False})
