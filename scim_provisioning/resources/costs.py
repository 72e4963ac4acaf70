"""What a filter costs: how many of its comparisons no index answers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from scim_provisioning.protocol.tree import Operator

from .mapping import ResourceMapping
from .relations import Relation, Within, part

Shape = tuple[Any, ...]
"""A filter without its values: see ``filters``."""


@lru_cache(maxsize=512)
def scans(shape: Shape, mapping: ResourceMapping) -> int:
    """Return how many comparisons of a filter are made with every resource, or its values.

    None of an ``and`` whose other part an index answers: few resources are left.
    """
    return scans_within(shape, mapping, None)


def scans_within(shape: Shape, mapping: ResourceMapping, within: Within | None) -> int:
    """Return the same of a filter on the values of one relation."""
    match shape:
        case ("and" | "or" as connector, *operands):
            each = [scans_within(operand, mapping, within) for operand in operands]
            return 0 if connector == "and" and 0 in each else sum(each)
        case ("not", operand):
            return _leaves(operand)
        case ("in", key, inner):
            relation = mapping.bindings[key]
            assert isinstance(relation, Relation)
            return scans_within(inner, mapping, (mapping.targets[key], relation))
        case ("never",):
            return 0
        case ("any" | "pr", _):
            return 1
        case (operator, _, name):
            return 0 if _by_index(Operator(operator), name, mapping, within) else 1
    raise AssertionError(shape)


def _leaves(shape: Shape) -> int:
    match shape:
        case ("and" | "or" | "not", *operands):
            return sum(map(_leaves, operands))
        case ("in", _, inner):
            return _leaves(inner)
    return 1


def _by_index(
    operator: Operator, name: str, mapping: ResourceMapping, within: Within | None
) -> bool:
    if within is not None:
        return bool(part(name, within).by_index(operator))
    target = mapping.target_of(name)
    return mapping.binding(target).by_index(operator, target)
