"""What a query asks for: names resolved, values taken out, so that its SQL is compiled once.

A query is of one resource type, or of several at once (RFC 7644 section 3.4.2.1). An
attribute that one of several types lacks has no value there; one that all of them lack
is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Cast

from scim_provisioning import conf
from scim_provisioning.context import Context
from scim_provisioning.protocol.attributes import Target
from scim_provisioning.protocol.errors import InvalidFilter, InvalidPath, TooMany
from scim_provisioning.protocol.grammar import parse_attribute, parse_filter
from scim_provisioning.protocol.policy import Policy
from scim_provisioning.protocol.projection import Projection
from scim_provisioning.protocol.tree import Filter

from .costs import Shape, scans
from .expressions import Operand
from .filters import Shaper
from .mapping import ResourceMapping
from .relations import Relation, Rows

CREATED = "meta.created"


@dataclass(frozen=True, slots=True)
class Search:
    """A query (RFC 7644 section 3.4.2), its numbers checked already.

    ``projections`` has one for each resource type that is asked. A ``cursor`` asks for
    pages by cursor, the empty one for the first of them (RFC 9865).
    """

    projections: tuple[Projection, ...]
    filter: str | None = None
    sort_by: str | None = None
    descending: bool = False
    start_index: int = 1
    count: int = 100
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the resource types that are asked; ``sort`` is None where it lacks the attribute."""

    mapping: ResourceMapping
    shape: Shape | None
    sort: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a statement is compiled for; all of it hashable, none of it a value.

    The order is that of creation unless it is ``sorted``.
    """

    arms: tuple[Arm, ...]
    sorted: bool
    descending: bool
    shows_protected: bool


def base_values(context: Context) -> list[Any]:
    """Return the first values of every read statement: see ``expressions``."""
    principal = context.principal
    return [principal.connection_id, context.base_url, principal.shows_protected]


def ask(
    mappings: Sequence[ResourceMapping], search: Search, context: Context
) -> tuple[Asked, list[Any]]:
    """Return a query with the values of its statements.

    Raises InvalidFilter, InvalidPath, or TooMany where the filter costs too much.
    """
    policy = context.policy
    values = base_values(context)
    shapes = _shapes(mappings, search.filter, policy, values)
    sorts = _sorts(mappings, search.sort_by, policy)
    arms = tuple(map(Arm, mappings, shapes, sorts))
    # The order of creation has an index, and names of its own in every statement.
    is_sorted = any(sort not in (None, CREATED) for sort in sorts)
    descending = search.descending and search.sort_by is not None
    return Asked(arms, is_sorted, descending, context.principal.shows_protected), values


def _shapes(
    mappings: Sequence[ResourceMapping], text: str | None, policy: Policy, values: list[Any]
) -> list[Shape | None]:
    if text is None:
        return [None] * len(mappings)
    tree = _parse(text)
    return [_shape(tree, Shaper(mapping, policy, values, mappings)) for mapping in mappings]


def _shape(tree: Filter, shaper: Shaper) -> Shape:
    shape, most = shaper.shape(tree), conf.current().max_filter_scans
    if scans(shape, shaper.mapping) > most:
        raise TooMany(f"The filter makes more than {most} comparisons with every resource.")
    return shape


def _parse(text: str) -> Filter:
    settings = conf.current()
    return parse_filter(
        text,
        max_length=settings.max_filter_length,
        max_depth=settings.max_filter_depth,
        max_terms=settings.max_filter_terms,
    )


def _sorts(
    mappings: Sequence[ResourceMapping], name: str | None, policy: Policy
) -> list[str | None]:
    if name is None:
        return [None] * len(mappings)
    targets = [_sort_target(mapping, name, policy) for mapping in mappings]
    if not any(targets):
        raise InvalidPath("sortBy names no attribute.")
    if len({target.leaf.type for target in targets if target}) > 1:
        raise InvalidPath("sortBy names attributes of different types.")
    return [target.key if target else None for target in targets]


def _sort_target(mapping: ResourceMapping, name: str, policy: Policy) -> Target | None:
    path = parse_attribute(name)
    lenient = policy.bare_extension_names
    target = mapping.resource_type.find(path.urn, path.name, path.sub, lenient=lenient)
    if target is None:
        return None
    if target.sub is None and (value := target.attribute.sub("value")):
        target = Target(target.urn, target.attribute, value)
    if target.leaf.is_complex:
        raise InvalidPath("sortBy has to name a sub-attribute.")
    return target


def sort_field(asked: Asked) -> models.Field[Any, Any]:
    """Return the type of the values that a query is sorted by."""
    sorts = ((arm.mapping, arm.sort) for arm in asked.arms if arm.sort)
    return next(_operand(*pair).sort_field for pair in sorts)


def sort_expression(arm: Arm, asked: Asked) -> Any:
    """Return what the resources of one type are sorted by; raise InvalidPath."""
    if arm.sort is None:
        field = sort_field(asked)
        nothing = Cast(Value(None), field)
        return Operand(nothing, field).sort_key
    operand = _operand(arm.mapping, arm.sort)
    target = arm.mapping.target_of(arm.sort)
    binding = arm.mapping.binding(target)
    if not isinstance(binding, Relation):
        return operand.sort_key
    return models.Subquery(_entries(binding).annotate(_key=operand.sort_key).values("_key")[:1])


def _entries(binding: Relation) -> models.QuerySet[Any, Any]:
    """Return the values of a resource, the primary one first (RFC 7644 section 3.4.2.3)."""
    rows = binding.queryset().filter(**{binding.owner_path: models.OuterRef(binding.owner)})
    if isinstance(binding, Rows):
        return rows.order_by(F("primary").desc(nulls_last=True), "position")
    return rows.order_by("pk")


def _operand(mapping: ResourceMapping, key: str) -> Operand:
    target = mapping.target_of(key)
    binding = mapping.binding(target)
    try:
        if not isinstance(binding, Relation):
            return binding.operand(target)
        if target.sub is not None:
            return binding.part(target.sub)
    except InvalidFilter:
        pass
    raise InvalidPath(f"{key} cannot be sorted by.")
