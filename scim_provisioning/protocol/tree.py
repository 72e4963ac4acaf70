"""The tree that filters and PATCH paths parse to (RFC 7644 section 3.4.2.2, figure 1).

Nodes hold names as written; ``ResourceType.find`` gives them their meaning. They
are frozen and hashable, so a tree without its values can key a cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never


class Operator(StrEnum):
    """Comparison operators; ``pr`` is the node :class:`Present`."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


@dataclass(frozen=True, slots=True)
class AttributePath:
    """``[URN ":"] name ["." sub]``; the URN is as written, without the last colon."""

    name: str
    sub: str | None = None
    urn: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """``path operator value``; the value is a JSON scalar: str, int, float, bool or None."""

    path: AttributePath
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Present:
    """``path pr``."""

    path: AttributePath


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more operands."""

    operands: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more operands."""

    operands: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``not (operand)``."""

    operand: Filter


@dataclass(frozen=True, slots=True)
class ValuePath:
    """``path[filter]``: one value of the multi-valued attribute meets the whole filter.

    Paths inside ``filter`` are relative to the attribute: ``AttributePath("type")``.
    """

    path: AttributePath
    filter: Filter


Filter = Comparison | Present | And | Or | Not | ValuePath


def terms(node: Filter) -> int:
    """Return how many comparisons a filter makes."""
    match node:
        case And() | Or():
            return sum(map(terms, node.operands))
        case Not():
            return terms(node.operand)
        case ValuePath():
            return terms(node.filter)
        case Comparison() | Present():
            return 1
        case _:
            assert_never(node)


@dataclass(frozen=True, slots=True)
class PatchPath:
    """A PATCH path: ``attrPath`` or ``valuePath[subAttr]`` (RFC 7644 section 3.5.2, figure 7).

    ``path.sub`` is the sub-attribute, also the one behind a value filter.
    """

    path: AttributePath
    filter: Filter | None = None
