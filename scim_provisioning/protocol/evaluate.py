"""Filters on documents: what PATCH selects by, and what the database has to agree with."""

from __future__ import annotations

import operator as operator_module
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, assert_never

from .attributes import Attribute, Json, ResourceType, Returned, Target, Type
from .comparison import is_folded, parse_datetime, prepare
from .errors import InvalidFilter
from .fold import fold
from .tree import And, AttributePath, Comparison, Filter, Not, Operator, Or, Present, ValuePath


def matches(
    node: Filter, document: Json, resource_type: ResourceType, *, lenient: bool = True
) -> bool:
    """Whether a resource meets a filter; raise InvalidFilter for what it does not have."""
    match node:
        case And():
            results = [matches(o, document, resource_type, lenient=lenient) for o in node.operands]
            return all(results)
        case Or():
            results = [matches(o, document, resource_type, lenient=lenient) for o in node.operands]
            return any(results)
        case Not():
            return not matches(node.operand, document, resource_type, lenient=lenient)
        case ValuePath():
            target = _find(node.path, resource_type, lenient)
            if target.sub or not target.attribute.multi_valued:
                raise InvalidFilter(f"{target.key} is not multi-valued.")
            return bool(select(node.filter, _values(document, target), target.attribute, lenient))
        case Comparison() | Present():
            return _leaf(node, document, _find(node.path, resource_type, lenient), lenient)
        case _:
            assert_never(node)


def select(
    node: Filter, values: Sequence[Json], attribute: Attribute, lenient: bool = True
) -> list[int]:
    """Return the positions of the entries of a multi-valued attribute that meet a value filter."""
    # An entry of nothing first: a bad filter is an error even where there is no value.
    _entry(node, {}, attribute, lenient)
    return [i for i, entry in enumerate(values) if _entry(node, entry, attribute, lenient)]


def _find(path: AttributePath, resource_type: ResourceType, lenient: bool) -> Target:
    target = resource_type.find(path.urn, path.name, path.sub, lenient=lenient)
    if target is None:
        raise InvalidFilter(f"There is no attribute {path.name} to filter by.")
    if target.attribute.returned is Returned.NEVER:
        # A filter would tell by its answers what is never shown.
        raise InvalidFilter(f"{target.key} cannot be used in a filter.")
    return target


def _values(document: Json, target: Target) -> list[Json]:
    holder = document.get(target.urn) if target.urn else document
    value = holder.get(target.attribute.name) if holder else None
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _leaf(node: Comparison | Present, document: Json, target: Target, lenient: bool) -> bool:
    sub = target.sub or (None if isinstance(node, Present) else target.attribute.sub("value"))
    entries = _values(document, target)
    values = [e.get(sub.name) for e in entries if isinstance(e, dict)] if sub else entries
    leaf = sub or target.attribute
    if isinstance(node, Present):
        return any(map(_is_present, values))
    wanted = prepare(node.operator, node.value, leaf, lenient)
    if wanted is None:
        # Null is what an attribute without any value equals: not one entry's gap.
        return any(map(_is_present, values)) == (node.operator is Operator.NE)
    if node.operator is Operator.NE:
        # Not equal is the negation of equal, of several values too.
        return not _any(Operator.EQ, values, wanted, leaf)
    return _any(node.operator, values, wanted, leaf)


def _any(operator: Operator, values: Sequence[Json], wanted: Any, leaf: Attribute) -> bool:
    return any(_compare(operator, value, wanted, leaf) for value in values)


def _entry(node: Filter, entry: Json, attribute: Attribute, lenient: bool) -> bool:
    match node:
        case And():
            # Every operand is looked at: a bad one is an error whatever the others say.
            results = [_entry(o, entry, attribute, lenient) for o in node.operands]
            return all(results)
        case Or():
            results = [_entry(o, entry, attribute, lenient) for o in node.operands]
            return any(results)
        case Not():
            return not _entry(node.operand, entry, attribute, lenient)
        case ValuePath():
            raise InvalidFilter("A value filter cannot stand in a value filter.")
        case Comparison() | Present():
            sub = _sub(node.path, attribute)
            value = entry.get(sub.name) if isinstance(entry, dict) else entry
            if isinstance(node, Present):
                return _is_present(value)
            wanted = prepare(node.operator, node.value, sub, lenient)
            return _compare(node.operator, value, wanted, sub)
        case _:
            assert_never(node)


def _sub(path: AttributePath, attribute: Attribute) -> Attribute:
    sub = attribute.sub(path.name) if path.sub is None and path.urn is None else None
    if sub is None:
        raise InvalidFilter(f"{attribute.name} has no sub-attribute {path.name}.")
    return sub


def _is_present(value: Json) -> bool:
    if isinstance(value, dict):
        return any(map(_is_present, value.values()))
    return value is not None and value not in ("", [])


def _compare(operator: Operator, value: Json, wanted: Any, attribute: Attribute) -> bool:
    if operator is Operator.NE:
        return not _compare(Operator.EQ, value, wanted, attribute)
    if wanted is None or value is None:
        return operator is Operator.EQ and value is wanted
    actual = _comparable(value, attribute)
    return bool(COMPARE[operator](actual, wanted))


COMPARE: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQ: operator_module.eq,
    Operator.CO: operator_module.contains,
    Operator.SW: str.startswith,
    Operator.EW: str.endswith,
    Operator.GT: operator_module.gt,
    Operator.GE: operator_module.ge,
    Operator.LT: operator_module.lt,
    Operator.LE: operator_module.le,
}


def _comparable(value: Json, attribute: Attribute) -> Any:
    match attribute.type:
        case Type.DATETIME:
            return parse_datetime(value)
        case Type.DECIMAL | Type.INTEGER:
            # The float 0.1 is not the number 0.1, which a literal is read as.
            return Decimal(str(value))
    return fold(value) if is_folded(attribute) and isinstance(value, str) else value
