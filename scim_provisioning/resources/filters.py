"""Filters on rows: a tree becomes a *shape*, and a shape becomes SQL once.

The shape is the tree with its values taken out and its names resolved: nested tuples
that key the cache of compiled statements. It is built and checked for every request;
the SQL is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from django.db.models import Q, Value
from django.db.models.fields import BooleanField
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull

from scim_provisioning.protocol.attributes import Attribute, Json, Target
from scim_provisioning.protocol.comparison import prepare
from scim_provisioning.protocol.errors import InvalidFilter
from scim_provisioning.protocol.policy import Policy
from scim_provisioning.protocol.tree import (
    And,
    AttributePath,
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
)

from .bindings import SchemasInUse
from .costs import Shape, scans
from .mapping import ResourceMapping
from .relations import Relation, Within, part


class Absent(Exception):
    """The resource type lacks an attribute that another one that is asked has."""


class Shaper:
    """Takes a tree apart into its shape and its prepared values.

    ``values`` are those of the statement, which the filter's are added to; ``asked`` are
    all the resource types of the query: what one of them lacks has no value there.
    """

    def __init__(
        self,
        mapping: ResourceMapping,
        policy: Policy,
        values: list[Json],
        asked: Sequence[ResourceMapping] = (),
    ) -> None:
        self.mapping = mapping
        self.policy = policy
        self.values = values
        self.asked = asked

    def shape(self, node: Filter, within: Attribute | None = None) -> Shape:
        """Return the shape of a node; ``within`` is the attribute of the value path around it."""
        match node:
            case And() | Or():
                parts = [self.shape(operand, within) for operand in node.operands]
                return ("and", *parts) if isinstance(node, And) else _either(parts)
            case Not():
                return ("not", self.shape(node.operand, within))
            case Comparison() | Present() | ValuePath():
                return self._leaf(node, within)
            case _:
                assert_never(node)

    def _leaf(self, node: Comparison | Present | ValuePath, within: Attribute | None) -> Shape:
        try:
            match node:
                case Comparison():
                    return self._comparison(node, within)
                case Present():
                    return self._place(self._target(node.path, within), within, ("pr",))
                case ValuePath():
                    return self._value_path(node)
        except Absent:
            return _absent(node)

    def _target(self, path: AttributePath, within: Attribute | None) -> Target:
        if within is not None:
            sub = within.sub(path.name) if path.sub is None and path.urn is None else None
            if sub is None:
                raise InvalidFilter(f"{within.name} has no sub-attribute {path.name}.")
            return Target(None, sub)
        found = self._find(self.mapping, path)
        if found is not None:
            return found
        if any(self._find(mapping, path) for mapping in self.asked):
            raise Absent
        raise InvalidFilter(f"There is no attribute {path.name} to filter by.")

    def _find(self, mapping: ResourceMapping, path: AttributePath) -> Target | None:
        lenient = self.policy.bare_extension_names
        return mapping.resource_type.find(path.urn, path.name, path.sub, lenient=lenient)

    def _comparison(self, node: Comparison, within: Attribute | None) -> Shape:
        target = self._valued(self._target(node.path, within))
        value = prepare(node.operator, node.value, target.leaf, self.policy.boolean_strings)
        if value is None:
            present = self._place(target, within, ("pr",))
            return present if node.operator is Operator.NE else ("not", present)
        self.values.append(value)
        index = len(self.values) - 1
        if node.operator is Operator.NE:
            return self._place(target, within, (Operator.EQ.value, index), negated=True)
        return self._place(target, within, (node.operator.value, index))

    @staticmethod
    def _valued(target: Target) -> Target:
        """A bare complex attribute compares its ``value`` (RFC 7644 section 3.4.2.2)."""
        if target.sub is None and (value := target.attribute.sub("value")):
            return Target(target.urn, target.attribute, value)
        return target

    def _place(
        self, target: Target, within: Attribute | None, what: Shape, *, negated: bool = False
    ) -> Shape:
        """Return a leaf; on a multi-valued attribute it asks for any one value."""
        inner = target.sub or target.attribute
        many = within is None and isinstance(self.mapping.binding(target), Relation)
        leaf: Shape = (*what, inner.name if many or within else target.key)
        if many and what == ("pr",) and target.sub is None:
            return ("any", target.key)
        if many:
            leaf = ("in", Target(target.urn, target.attribute).key, leaf)
        # Not equal is the negation of equal, of several values too.
        return ("not", leaf) if negated else leaf

    def _value_path(self, node: ValuePath) -> Shape:
        target = self._target(node.path, None)
        if target.sub or not isinstance(self.mapping.binding(target), Relation):
            raise InvalidFilter(f"{target.key} is not multi-valued.")
        return ("in", target.key, self.shape(node.filter, target.attribute))


def _either(parts: Sequence[Shape]) -> Shape:
    """Return the shape of an ``or``: one look at the values of an attribute asks all of them."""
    asked: dict[str, list[Shape]] = {}
    others = []
    for shape in parts:
        if shape[0] == "in":
            asked.setdefault(shape[1], []).append(shape[2])
        else:
            others.append(shape)
    joined = [("in", key, _any_shape(inner)) for key, inner in asked.items()]
    return _any_shape([*others, *joined])


def _any_shape(parts: Sequence[Shape]) -> Shape:
    return parts[0] if len(parts) == 1 else ("or", *parts)


def _absent(node: Comparison | Present | ValuePath) -> Shape:
    """Return the shape of a condition on an attribute that is never assigned."""
    if isinstance(node, Comparison):
        is_null = node.value is None
        return ("never",) if is_null == (node.operator is Operator.NE) else ("not", ("never",))
    return ("never",)


def where(shape: Shape, mapping: ResourceMapping, within: Within | None = None) -> Q:
    """Return the condition of a shape: on the rows of the mapping, or within one relation."""
    match shape:
        case ("and" | "or" as connector, *operands):
            parts = [where(operand, mapping, within) for operand in operands]
            if connector == "or" and within is None and any(s[0] == "in" for s in operands):
                return _union(parts, mapping)
            return Q(*parts, _connector=connector.upper())
        case ("not", operand):
            # Unassigned is not NULL here: what does not hold is false, its negation true.
            inner = where(operand, mapping, within)
            return ~Q(Coalesce(inner, Value(False), output_field=BooleanField()))
        case ("never",):
            return Q(Value(False, output_field=BooleanField()))
        case ("any", key):
            relation = _relation(mapping, key)
            return _any_of(relation.alternatives([None] * len(relation.branches)), mapping)
        case ("in", key, inner):
            target, relation = mapping.targets[key], _relation(mapping, key)
            conditions = [where(inner, mapping, (target, b)) for b in relation.branches]
            by_index = scans(shape, mapping) == 0
            return _any_of(relation.alternatives(conditions, by_index=by_index), mapping)
        case ("pr", name):
            return _present(name, mapping, within)
        case (operator, index, name):
            return _compare(Operator(operator), index, name, mapping, within)
    raise AssertionError(shape)


def _any_of(parts: list[Q], mapping: ResourceMapping) -> Q:
    return parts[0] if len(parts) == 1 else _union(parts, mapping)


def _union(parts: list[Q], mapping: ResourceMapping) -> Q:
    # An OR around EXISTS scans the table; each part by itself goes by its index.
    first, *rest = (mapping.model._default_manager.filter(part).values("pk") for part in parts)
    return Q(pk__in=first.union(*rest))


def _relation(mapping: ResourceMapping, key: str) -> Relation:
    binding = mapping.bindings[key]
    assert isinstance(binding, Relation)
    return binding


def _present(name: str, mapping: ResourceMapping, within: Within | None) -> Q:
    if within is not None:
        return Q(IsNull(part(name, within).expression, False))
    target = mapping.target_of(name)
    if target.key in mapping.bindings or target.sub:
        return Q(mapping.binding(target).present(target))
    keys = [key for key in mapping.bindings if key.startswith(f"{name}.")]
    return Q(*(_present(key, mapping, None) for key in keys), _connector="OR")


def _compare(
    operator: Operator, index: int, name: str, mapping: ResourceMapping, within: Within | None
) -> Q:
    if within is not None:
        return Q(part(name, within).compare(operator, index))
    target = mapping.target_of(name)
    binding = mapping.binding(target)
    if isinstance(binding, SchemasInUse):
        return binding.compare(operator, index, mapping.extensions_in_use)
    return Q(binding.condition(operator, target, index))
