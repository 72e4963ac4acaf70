"""The statements of a query: its rows in their order, the rows behind a place, their number."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from heapq import merge
from itertools import islice
from typing import Any

from django.db import models
from django.db.models import F, OrderBy, QuerySet, Value
from django.db.models.lookups import (
    GreaterThan,
    GreaterThanOrEqual,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from scim_provisioning import hosting
from scim_provisioning.statements import FIRST, SLICE, Select, Slot

from .asked import Arm, Asked, sort_expression, sort_field
from .expressions import Row
from .filters import where
from .mapping import ResourceMapping

CREATED, ID = models.DateTimeField(), models.UUIDField()
Place = tuple[Any, Any, Any]
"""Where a resource stands in an order: what it is sorted by, None included, created, id."""
Key = tuple[Any, ...]
"""The number of the resource's arm, its id, and its place."""


def listed(mapping: ResourceMapping, shows_protected: bool) -> QuerySet[Any, Any]:
    """Return the rows that a client sees: protected ones only where its connection shows them."""
    rows: QuerySet[Any, Any] = mapping.model._default_manager.filter(
        hosting.condition(mapping.owner, mapping.owner or "")
    )
    if not shows_protected:
        return rows.filter(listed=True)
    return rows.filter(deleted__isnull=True) if mapping.owner == "user" else rows


def matching(arm: Arm, asked: Asked) -> QuerySet[Any, Any]:
    """Return the rows of one resource type that match, in no order."""
    rows = listed(arm.mapping, asked.shows_protected)
    return rows if arm.shape is None else rows.filter(where(arm.shape, arm.mapping))


def ordered(asked: Asked) -> QuerySet[Any, Any]:
    """Return the rows of the one type that is asked, in the order that is asked."""
    [arm] = asked.arms
    rows = matching(arm, asked)
    if asked.sorted:
        rows = rows.annotate(_key=sort_expression(arm, asked))
    return rows.order_by(*_order(asked, reverse=asked.descending))


def _order(asked: Asked, *, reverse: bool) -> list[OrderBy]:
    # Unassigned sorts last ascending and first descending (RFC 7644 section 3.4.2.3):
    # one order is the other one backwards, so that one index gives both.
    names = ["created", "id"]
    order = [OrderBy(F(name), descending=reverse) for name in names]
    if asked.sorted:
        nulls = {"nulls_first": True} if reverse else {"nulls_last": True}
        order.insert(0, OrderBy(F("_key"), descending=reverse, **nulls))
    return order


def keys(asked: Asked, values: Sequence[Any], limit: int, offset: int) -> list[Key]:
    """Return the keys of the resources from a position on: it passes over all before it."""
    if not offset and len(asked.arms) == 1:
        return _first_keys(asked, hosting.variant()).rows(values, limit)
    if not offset:
        return beyond(asked, values, None, limit, reverse=asked.descending)
    return _all_keys(asked, hosting.variant()).rows(values, limit, offset)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of an order without a gap: all that is sorted by a value, or all that lacks one.

    ``assigned`` tells which, None where nothing is sorted; ``beyond`` says that it begins
    behind a place, whose parts are the last values of the statement.
    """

    assigned: bool | None
    beyond: bool


def beyond(
    asked: Asked, values: Sequence[Any], place: Place | None, limit: int, *, reverse: bool
) -> list[Key]:
    """Return the first keys behind a place, or of all: by index, wherever the place is."""
    found: list[Key] = []
    for stretch in _stretches(asked, place, reverse):
        given = [*values, *place] if place is not None and stretch.beyond else values
        found += _first_of(asked, stretch, given, limit - len(found), reverse, len(values))
        if len(found) >= limit:
            break
    return found


def _first_of(
    asked: Asked, stretch: Stretch, values: Sequence[Any], limit: int, reverse: bool, first: int
) -> list[Key]:
    """Return the first keys of a stretch, one statement per type: each goes by its index."""
    numbers = [n for n, arm in enumerate(asked.arms) if arm.sort or not stretch.assigned]
    found = [
        _keys(asked, n, stretch, reverse, first, hosting.variant()).rows(values, limit)
        for n in numbers
    ]
    if len(found) == 1:
        return found[0]
    # Texts compare here as they do bytewise; those that lack a value by the rest.
    merged = merge(*found, key=lambda key: _place_in(key, stretch), reverse=reverse)
    return list(islice(merged, limit))


def _place_in(key: Key, stretch: Stretch) -> tuple[Any, ...]:
    _, identifier, *sorted_by, created = key
    return (*(sorted_by if stretch.assigned else ()), created, identifier)


def _stretches(asked: Asked, place: Place | None, reverse: bool) -> list[Stretch]:
    if not asked.sorted:
        return [Stretch(None, place is not None)]
    parts = [False, True] if reverse else [True, False]
    if place is None:
        return [Stretch(part, False) for part in parts]
    at = parts.index(place[0] is not None)
    return [Stretch(parts[at], True), *(Stretch(part, False) for part in parts[at + 1 :])]


@lru_cache(maxsize=512)
def _keys(
    asked: Asked, number: int, stretch: Stretch, reverse: bool, first: int, variant: Hashable
) -> Select:
    rows = _arm(number, asked, stretch, reverse, first)
    return Select(rows.order_by(*_order(asked, reverse=reverse)), limits=FIRST)


@lru_cache(maxsize=512)
def _first_keys(asked: Asked, variant: Hashable) -> Select:
    rows = ordered(asked).annotate(_arm=Value(0, models.IntegerField()))
    return Select(rows.values_list(*_key_columns(asked)), limits=FIRST)


def _key_columns(asked: Asked) -> list[str]:
    return ["_arm", "id", *(["_key"] if asked.sorted else []), "created"]


@lru_cache(maxsize=512)
def _all_keys(asked: Asked, variant: Hashable) -> Select:
    arms = [_arm(number, asked, None, False, 0) for number in range(len(asked.arms))]
    rows = reduce(lambda one, other: one.union(other, all=True), arms)
    return Select(rows.order_by(*_order(asked, reverse=asked.descending)), limits=SLICE)


def _arm(
    number: int, asked: Asked, stretch: Stretch | None, reverse: bool, first: int
) -> QuerySet[Any, Any]:
    arm = asked.arms[number]
    rows: QuerySet[Any, Any] = matching(arm, asked).order_by()
    if asked.sorted:
        rows = rows.annotate(_key=sort_expression(arm, asked))
    if stretch is not None:
        rows = _within(rows, asked, stretch, reverse, first)
    rows = rows.annotate(_arm=Value(number, models.IntegerField()))
    return rows.values_list(*_key_columns(asked))


def _within(
    rows: QuerySet[Any, Any], asked: Asked, stretch: Stretch, reverse: bool, first: int
) -> QuerySet[Any, Any]:
    columns: list[tuple[str, Any]] = [("created", CREATED), ("id", ID)]
    if stretch.assigned is not None:
        rows = rows.filter(IsNull(F("_key"), not stretch.assigned))
    if stretch.assigned:
        columns.insert(0, ("_key", sort_field(asked)))
    if not stretch.beyond:
        return rows
    places = [Slot(first + 3 - len(columns) + i, field) for i, (_, field) in enumerate(columns)]
    left = Row(*(F(name) for name, _ in columns))
    if stretch.assigned:
        # It follows from the other; SQLite seeks in an index of expressions by it alone.
        follows = LessThanOrEqual if reverse else GreaterThanOrEqual
        rows = rows.filter(follows(F("_key"), places[0]))
    return rows.filter((LessThan if reverse else GreaterThan)(left, Row(*places)))


def count(asked: Asked, values: Sequence[Any]) -> int:
    """Return how many resources match, of all types that are asked."""
    numbers = range(len(asked.arms))
    return sum(_count(asked, n, hosting.variant()).rows(values)[0][0] for n in numbers)


@lru_cache(maxsize=512)
def _count(asked: Asked, number: int, variant: Hashable) -> Select:
    rows = matching(asked.arms[number], asked).order_by()
    rows = rows.annotate(_all=Value(1)).values("_all")
    return Select(rows.annotate(_count=models.Count("*")).values_list("_count"))
