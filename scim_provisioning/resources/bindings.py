"""Bindings: where one SCIM attribute lives, and all that follows from it.

A binding tells which columns hold an attribute (``columns``), how they become a value
(``read``) and come from one (``write``), and what a filter or a sort compares
(``operand``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast, Concat
from django.db.models.lookups import IsNull

from scim_provisioning.models import ExternalId
from scim_provisioning.models.ordering import Folded
from scim_provisioning.protocol.attributes import Attribute, Json, Target, Type
from scim_provisioning.protocol.errors import InvalidFilter, InvalidValue
from scim_provisioning.protocol.fold import fold
from scim_provisioning.protocol.identifiers import parse, shown
from scim_provisioning.protocol.tree import Operator
from scim_provisioning.statements import Slot

from .expressions import (
    BASE_URL,
    BOOLEAN,
    CONNECTION,
    TEXT,
    IdText,
    Operand,
    constant,
    lookup_key,
)

FIELDS: Mapping[Type, models.Field[Any, Any]] = {
    Type.BOOLEAN: BOOLEAN,
    Type.DATETIME: models.DateTimeField(),
    Type.INTEGER: models.BigIntegerField(),
    Type.DECIMAL: models.DecimalField(max_digits=30, decimal_places=10),
}


def timestamp(moment: datetime) -> str:
    """Return a moment as an xsd:dateTime in UTC, microseconds kept (RFC 7643 section 2.3.5)."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def is_folded(attribute: Attribute) -> bool:
    """Whether values are compared without case."""
    return attribute.type is Type.STRING and not attribute.case_exact


class Binding:
    """One line of a mapping: the base that binds nothing and is never assigned."""

    stored = False
    """Whether clients may write it: ``write`` gives columns."""
    made_elsewhere = False
    """Whether others make its value, so that the answer to a write has to read it."""
    apart = False
    """Whether its columns are rows of other tables, which the lock of its own row does not hold."""
    shared: str | None = None
    """A name for its columns where several bindings read the same ones: they are read once."""

    @property
    def columns(self) -> Sequence[Any]:
        """Names or expressions that ``read`` takes its values from."""
        return ()

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the SCIM value of a row, None where it is unassigned."""
        return None

    def write(self, value: Json, attribute: Attribute) -> dict[str, Any]:
        """Return the columns that hold a SCIM value; None unassigns it."""
        return {}

    def operand(self, target: Target) -> Operand:
        """Return what filters and sorts compare; raise InvalidFilter where they cannot."""
        raise InvalidFilter(f"{target.key} cannot be used in a filter or a sort.")

    def condition(self, operator: Operator, target: Target, index: int) -> Any:
        """Return the condition ``target operator slot``."""
        return self.operand(target).compare(operator, index)

    def by_index(self, operator: Operator, target: Target) -> bool:
        """Whether an index finds the resources that meet such a comparison."""
        return self.operand(target).by_index(operator)

    def present(self, target: Target) -> Any:
        """Return the condition that it is assigned."""
        return IsNull(self.operand(target).expression, False)


EXTENSIONS = "extensions"
"""The JSON column of a row that holds what no column is there for."""


class InJsonColumn(Binding):
    """The base of what is kept in that column: it is written as a whole, and merged."""

    shared = EXTENSIONS

    @property
    def columns(self) -> Sequence[Any]:
        """The column of all extensions."""
        return (EXTENSIONS,)

    def merge(self, kept: Mapping[str, Json], value: Json, attribute: Attribute) -> dict[str, Json]:
        """Return the column's value with this attribute's in it; None takes it out."""
        raise NotImplementedError


class Ignored(Binding):
    """An attribute that is accepted and never stored: ``password``."""


@dataclass(frozen=True)
class Column(Binding):
    """A singular attribute in a column of the SCIM row.

    ``key`` names a column with the folded value under a unique index; ``mirror`` names the
    role of the user model's field that gets a copy: see ``resources.mirror``.
    """

    name: str
    key: str | None = None
    mirror: str | None = None
    limit: int | None = None
    stored: bool = field(default=True, init=False)

    @property
    def columns(self) -> Sequence[Any]:
        """The column itself."""
        return (self.name,)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the column's value."""
        value = values[0]
        return timestamp(value) if isinstance(value, datetime) else value

    def write(self, value: Json, attribute: Attribute) -> dict[str, Any]:
        """Return the column, with its key where it has one."""
        if self.limit and value is not None and len(value) > self.limit:
            raise InvalidValue(f"{attribute.name} is longer than {self.limit} characters.")
        if attribute.type is Type.DATETIME and value is not None:
            value = datetime.fromisoformat(value)
        columns = {self.name: value}
        if self.key:
            columns[self.key] = fold(value)
        return columns

    def present(self, target: Target) -> Any:
        """It is there where the column has a value."""
        return models.Q(**{f"{self.name}__isnull": False})

    def operand(self, target: Target) -> Operand:
        """Return the column, folded where case does not count."""
        kind = target.leaf.type
        if kind in FIELDS:
            return Operand(F(self.name), FIELDS[kind])
        if self.key:
            return Operand(F(self.key), key=F(self.key), key_prefix=True, sorts=True)
        return Operand(Folded(self.name) if is_folded(target.leaf) else F(self.name))


@dataclass(frozen=True)
class AccountColumn(Binding):
    """A column of the site's own user or group, read where it is: clients cannot write it.

    ``path`` begins at the SCIM row: ``user__phone``.
    """

    path: str
    made_elsewhere: bool = field(default=True, init=False)

    @property
    def columns(self) -> Sequence[Any]:
        """The column itself."""
        return (self.path,)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the column's value, None where it is empty."""
        value = values[0]
        return timestamp(value) if isinstance(value, datetime) else None if value == "" else value

    def operand(self, target: Target) -> Operand:
        """Return the column; raise InvalidFilter for text of which case does not count."""
        if is_folded(target.leaf):
            raise InvalidFilter(f"{target.key} has no folded twin: declare it caseExact.")
        kind = target.leaf.type
        return Operand(F(self.path), FIELDS[kind]) if kind in FIELDS else Operand(F(self.path))


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
class PerConnection(Binding):
    """``externalId``: what the asking connection calls the resource."""

    owner: str
    stored: bool = field(default=True, init=False)
    apart: bool = field(default=True, init=False)

    @property
    def columns(self) -> Sequence[Any]:
        """The value of this connection."""
        return (self._subquery("value"),)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the value."""
        return values[0]

    def operand(self, target: Target) -> Operand:
        """Return the value of this connection."""
        return Operand(self._subquery("value"))

    def condition(self, operator: Operator, target: Target, index: int) -> Any:
        """Return the condition; ``eq`` goes by the index to the keys of the rows."""
        if operator is not Operator.EQ:
            return super().condition(operator, target, index)
        rows = ExternalId.objects.filter(
            connection=Slot(CONNECTION, models.BigAutoField()),
            value_key=Slot(index, TEXT, lookup_key),
            value=Slot(index, TEXT),
        )
        return models.Q(pk__in=rows.filter(**{f"{self.owner}__isnull": False}).values(self.owner))

    def by_index(self, operator: Operator, target: Target) -> bool:
        """Whether it is ``eq``: see ``condition``."""
        return operator is Operator.EQ

    def _subquery(self, column: str) -> Subquery:
        rows = ExternalId.objects.filter(
            **{self.owner: OuterRef("pk")}, connection=Slot(CONNECTION, models.BigAutoField())
        )
        return Subquery(rows.values(column)[:1], output_field=TEXT)


@dataclass(frozen=True)
class OwnersExternalId(Binding):
    """``externalId`` in a column of the row: what its owner calls it, unknown to all others."""

    name: str = "external_id"
    stored: bool = field(default=True, init=False)

    @property
    def columns(self) -> Sequence[Any]:
        """The column, for its owner."""
        return (self._scoped(),)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the value."""
        return values[0]

    def write(self, value: Json, attribute: Attribute) -> dict[str, Any]:
        """Return the column."""
        return {self.name: value}

    def operand(self, target: Target) -> Operand:
        """Return the value for its owner."""
        return Operand(self._scoped())

    def _scoped(self) -> Case:
        owned = When(connection=Slot(CONNECTION, models.BigAutoField()), then=F(self.name))
        return Case(owned, output_field=TEXT)


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
