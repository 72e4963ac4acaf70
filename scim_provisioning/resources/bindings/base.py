"""What every binding can do, and those that hold nothing of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models.lookups import IsNull

from scim_provisioning.protocol.attributes import Attribute, Json, Target, Type
from scim_provisioning.protocol.errors import InvalidFilter
from scim_provisioning.protocol.tree import Operator
from scim_provisioning.resources.expressions import BOOLEAN, Operand

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

    def by_index(self, operator: Operator, target: Target) -> bool:
        """No index is on what it holds, one value or many."""
        return False

    def merge(self, kept: Mapping[str, Json], value: Json, attribute: Attribute) -> dict[str, Json]:
        """Return the column's value with this attribute's in it; None takes it out."""
        raise NotImplementedError


class Ignored(Binding):
    """An attribute that is accepted and never stored: ``password``."""
