"""Extension attributes in a JSON column: no table has to change for them.

The column maps an extension's URN to its attributes; what is compared in another form than
it was sent in stands beside them, under ``compared``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact, IsNull

from scim_provisioning.protocol.attributes import Attribute, Json, Schema, Target, Type
from scim_provisioning.protocol.comparison import parse_datetime
from scim_provisioning.protocol.errors import InvalidFilter
from scim_provisioning.protocol.fold import fold
from scim_provisioning.protocol.tree import Operator
from scim_provisioning.statements import Slot

from .bindings import EXTENSIONS as COLUMN
from .bindings import Binding, InJsonColumn, is_folded
from .expressions import ORDER, TEXT, Like, Operand, pattern
from .mapping import ResourceMapping

COMPARED = "compared"
"""Beside the URNs: no URN is that short."""
EDGE = "\x1f"
"""Stands around each entry of a list that is compared as one text."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBERS: dict[Type, models.Field[Any, Any]] = {
    Type.INTEGER: models.BigIntegerField(),
    Type.DECIMAL: models.DecimalField(max_digits=30, decimal_places=10),
    Type.DATETIME: models.BigIntegerField(),
}


def comparable(value: Any, attribute: Attribute) -> str:
    """Return a value as the text that comparisons see."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return str(microseconds(value))
        case str() if attribute.type is Type.DATETIME:
            return str(microseconds(parse_datetime(value)))
        case int() | float() | Decimal():
            return format(Decimal(str(value)).normalize(), "f")
    return fold(value) if is_folded(attribute) else str(value)


def microseconds(moment: datetime) -> int:
    """Return a moment as a number that sorts as moments do, on every database."""
    return (moment - EPOCH) // (datetime.resolution)


@dataclass(frozen=True)
class InJson(InJsonColumn):
    """One attribute of an extension, simple, of one value or many."""

    urn: str
    name: str
    stored: bool = field(default=True, init=False)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the value."""
        return (values[0].get(self.urn) or {}).get(self.name)

    def merge(self, kept: Mapping[str, Json], value: Json, attribute: Attribute) -> dict[str, Json]:
        """Return the column's value with this attribute's in it; None takes it out."""
        kept = _with(kept, self.urn, self.name, value)
        text = None if value is None else self._compared(value, attribute)
        return _with(kept, COMPARED, self._key, text)

    def _compared(self, value: Json, attribute: Attribute) -> str | None:
        if isinstance(value, list):
            entries = (comparable(v, attribute).replace(EDGE, " ") for v in value)
            return f"{EDGE}{EDGE.join(entries)}{EDGE}"
        text = comparable(value, attribute)
        return text if attribute.type is Type.DATETIME or text != value else None

    @property
    def _key(self) -> str:
        return f"{self.urn}:{self.name}"

    def _text(self) -> Any:
        raw = KeyTextTransform(self.name, KeyTransform(self.urn, COLUMN))
        compared = KeyTextTransform(self._key, KeyTransform(COMPARED, COLUMN))
        return Coalesce(compared, raw, output_field=TEXT)

    def operand(self, target: Target) -> Operand:
        """Return what is sorted by; raise InvalidFilter for a list, which has no order."""
        if target.leaf.multi_valued:
            raise InvalidFilter(f"{target.key} has many values.")
        number = NUMBERS.get(target.leaf.type)
        return Operand(Cast(self._text(), number), number) if number else Operand(self._text())

    def condition(self, operator: Operator, target: Target, index: int) -> Any:
        """Return the condition ``target operator slot``."""
        attribute = target.leaf
        if attribute.multi_valued:
            return self._any(operator, attribute, index)
        if attribute.type is Type.BOOLEAN:
            place = Slot(index, TEXT, lambda value: comparable(value, attribute))
            return Exact(self._text(), place)
        if attribute.type is Type.DATETIME:
            moment = Slot(index, NUMBERS[Type.DATETIME], microseconds)
            compare: Any = Exact if operator is Operator.EQ else ORDER[operator]
            return compare(self.operand(target).expression, moment)
        return self.operand(target).compare(operator, index)

    def _any(self, operator: Operator, attribute: Attribute, index: int) -> Any:
        """Return whether some entry of a list meets the comparison."""
        edges = {
            Operator.EQ: (EDGE, EDGE),
            Operator.CO: ("", ""),
            Operator.SW: (EDGE, ""),
            Operator.EW: ("", EDGE),
        }
        if operator not in edges:
            raise InvalidFilter(f"{operator} has no meaning for the many values of {self.name}.")
        before, after = edges[operator]

        holds = pattern(Operator.CO)

        def bind(value: Any) -> str:
            text = comparable(value, attribute).replace(EDGE, " ")
            return holds(f"{before}{text}{after}")

        return Like(self._text(), Slot(index, TEXT, bind))

    def present(self, target: Target) -> Any:
        """It is there where the column has its name."""
        raw = KeyTextTransform(self.name, KeyTransform(self.urn, COLUMN))
        return IsNull(raw, False)


def _with(kept: Mapping[str, Json], outer: str, inner: str, value: Json) -> dict[str, Json]:
    """Return nested objects with one value set, or taken out; no empty object stays."""
    part = {**kept.get(outer, {}), inner: value}
    part = {name: v for name, v in part.items() if v is not None}
    rest = {name: v for name, v in kept.items() if name != outer}
    return {**rest, outer: part} if part else rest


def extended(
    mapping: ResourceMapping, schema: Schema, columns: Mapping[str, Binding] | None = None
) -> ResourceMapping:
    """Return a mapping with one more extension.

    ``columns`` binds attributes by their names; the others are kept in the JSON column.
    """
    declared = replace(mapping.declared, extensions=(*mapping.declared.extensions, schema))
    given = columns or {}
    bindings = {
        Target(schema.id, attribute).key: given.get(
            attribute.name, InJson(schema.id, attribute.name)
        )
        for attribute in schema.attributes
    }
    return replace(mapping, declared=declared, bindings={**mapping.bindings, **bindings})
