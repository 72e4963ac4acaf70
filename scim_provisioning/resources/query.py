"""Reads: one resource, or a page of them, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import F, OrderBy, QuerySet

from scim_provisioning import conf
from scim_provisioning.context import Context
from scim_provisioning.protocol.attributes import Json, Target
from scim_provisioning.protocol.errors import InvalidFilter, InvalidPath
from scim_provisioning.protocol.grammar import parse_attribute, parse_filter
from scim_provisioning.protocol.policy import Policy, policy_for
from scim_provisioning.protocol.projection import Projection
from scim_provisioning.statements import FIRST, SLICE, Select, one_of, padded, slots

from .expressions import FIRST_VALUE, parse_uuid
from .filters import Shape, Shaper, target_of, where
from .mapping import ResourceMapping
from .relations import Relation, Rows
from .render import Reader, reader

Found = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """A query of one resource type (RFC 7644 section 3.4.2), its numbers checked already."""

    projection: Projection
    filter: str | None = None
    sort_by: str | None = None
    descending: bool = False
    start_index: int = 1
    count: int = 100


@dataclass(frozen=True, slots=True)
class Page:
    """One page: rendered resources, and how many match in all."""

    resources: list[dict[str, Json]]
    total: int
    start_index: int


def base_values(context: Context) -> list[Any]:
    """Return the first values of every read statement: see ``expressions``."""
    principal = context.principal
    return [principal.connection_id, context.base_url, principal.shows_protected]


def get(
    mapping: ResourceMapping, identifier: str | UUID, projection: Projection, context: Context
) -> dict[str, Json] | None:
    """Return the resource of that id, rendered, or None where the client sees none."""
    key = identifier if isinstance(identifier, UUID) else parse_uuid(identifier.lower())
    if key is None:
        return None
    read = reader(mapping, projection)
    values = base_values(context)
    shown = context.principal.shows_protected
    rows = _by_ids(mapping, read, 1, shown, connection.vendor).rows([*values, key])
    found = render(mapping, read, rows, values)
    return found[0] if found else None


def search(mapping: ResourceMapping, search: Search, context: Context) -> Page:
    """Return a page of the resources that match; raise InvalidFilter or InvalidPath."""
    policy = policy_for(context.principal.profile)
    values = base_values(context)
    shape, more = _shape(mapping, search.filter, policy)
    sort = _sort(mapping, search, policy)
    asked = _Asked(mapping, shape, sort, context.principal.shows_protected)
    values += more
    read = reader(mapping, search.projection)
    rows, total = _page(asked, read, search, values)
    return Page(render(mapping, read, rows, values[:FIRST_VALUE]), total, search.start_index)


def _shape(
    mapping: ResourceMapping, text: str | None, policy: Policy
) -> tuple[Shape | None, list[Any]]:
    if text is None:
        return None, []
    settings = conf.current()
    tree = parse_filter(
        text,
        max_length=settings.max_filter_length,
        max_depth=settings.max_filter_depth,
        max_terms=settings.max_filter_terms,
    )
    shaper = Shaper(mapping, policy)
    return shaper.shape(tree), shaper.values


def _sort(mapping: ResourceMapping, search: Search, policy: Policy) -> tuple[str, bool] | None:
    if search.sort_by is None:
        return None
    path = parse_attribute(search.sort_by)
    target = mapping.resource_type.find(
        path.urn, path.name, path.sub, lenient=policy.bare_extension_names
    )
    if target is None:
        raise InvalidPath("sortBy names no attribute.")
    if target.sub is None and (value := target.attribute.sub("value")):
        target = Target(target.urn, target.attribute, value)
    if target.leaf.is_complex:
        raise InvalidPath("sortBy has to name a sub-attribute.")
    return target.key, search.descending


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a statement is compiled for; all of it hashable, none of it a value."""

    mapping: ResourceMapping
    shape: Shape | None
    sort: tuple[str, bool] | None
    shows_protected: bool


def _page(
    asked: _Asked, read: Reader, search: Search, values: list[Any]
) -> tuple[list[Found], int]:
    """Return the rows of a page and the total; the count is asked only where it is not plain."""
    offset = search.start_index - 1
    if search.count == 0:
        return [], _count(asked, values)
    if offset == 0:
        rows = _first(asked, read, connection.vendor).rows(values, search.count)
    else:
        keys = [row[0] for row in _ids(asked, connection.vendor).rows(values, search.count, offset)]
        rows = _in_order(asked, read, keys, values)
    if rows and len(rows) < search.count:
        return rows, offset + len(rows)
    if not rows and offset == 0:
        return rows, 0
    return rows, _count(asked, values)


def _in_order(asked: _Asked, read: Reader, keys: list[UUID], values: list[Any]) -> list[Found]:
    if not keys:
        return []
    places = padded(keys)
    statement = _by_ids(asked.mapping, read, len(places), asked.shows_protected, connection.vendor)
    rows = {row[0]: row for row in statement.rows([*values[:FIRST_VALUE], *places])}
    return [rows[key] for key in keys if key in rows]


def listed(mapping: ResourceMapping, shows_protected: bool) -> QuerySet[Any, Any]:
    """Return the rows that a client sees: protected ones only where its connection shows them."""
    rows: QuerySet[Any, Any] = mapping.model._default_manager.all()
    if not shows_protected:
        return rows.filter(listed=True)
    return rows.filter(deleted__isnull=True) if mapping.owner == "user" else rows


def _matching(asked: _Asked) -> QuerySet[Any, Any]:
    rows = listed(asked.mapping, asked.shows_protected)
    return rows if asked.shape is None else rows.filter(where(asked.shape, asked.mapping))


def _ordered(asked: _Asked) -> QuerySet[Any, Any]:
    rows = _matching(asked)
    if asked.sort is None:
        return rows.order_by("created", "id")
    key, descending = asked.sort
    # Unassigned sorts last ascending and first descending (RFC 7644 section 3.4.2.3).
    order = OrderBy(
        _sort_expression(asked.mapping, key),
        descending=descending,
        nulls_first=descending or None,
        nulls_last=(not descending) or None,
    )
    return rows.order_by(order, "created", "id")


def _sort_expression(mapping: ResourceMapping, key: str) -> Any:
    target = target_of(mapping, key)
    binding = mapping.binding(target)
    if not isinstance(binding, Relation):
        try:
            return binding.operand(target).order
        except InvalidFilter:
            raise InvalidPath(f"{key} cannot be sorted by.") from None
    if target.sub is None:
        raise InvalidPath("sortBy has to name a sub-attribute.")
    rows = binding.queryset().filter(**{binding.owner_path: models.OuterRef(binding.owner)})
    order = ("-primary", "position") if isinstance(binding, Rows) else ("pk",)
    if isinstance(binding, Rows):
        rows = rows.order_by(F("primary").desc(nulls_last=True), "position")
    else:
        rows = rows.order_by(*order)
    return models.Subquery(rows.annotate(_key=binding.part(target.sub).order).values("_key")[:1])


@lru_cache(maxsize=512)
def _first(asked: _Asked, read: Reader, vendor: str) -> Select:
    return Select(_ordered(asked).values_list(*read.columns), limits=FIRST)


@lru_cache(maxsize=512)
def _ids(asked: _Asked, vendor: str) -> Select:
    return Select(_ordered(asked).values_list("id"), limits=SLICE)


def _count(asked: _Asked, values: Sequence[Any]) -> int:
    return int(_counter(asked, connection.vendor).rows(values)[0][0])


@lru_cache(maxsize=512)
def _counter(asked: _Asked, vendor: str) -> Select:
    rows = _matching(asked).order_by().annotate(_all=models.Value(1)).values("_all")
    return Select(rows.annotate(_count=models.Count("*")).values_list("_count"))


@lru_cache(maxsize=512)
def _by_ids(
    mapping: ResourceMapping, read: Reader, size: int, shows_protected: bool, vendor: str
) -> Select:
    places = slots(size, models.UUIDField(), FIRST_VALUE)
    rows = listed(mapping, shows_protected)
    rows = rows.filter(pk=places[0]) if size == 1 else rows.filter(one_of("pk", places))
    return Select(rows.values_list(*read.columns))


def render(
    mapping: ResourceMapping, read: Reader, rows: Sequence[Found], values: Sequence[Any]
) -> list[dict[str, Json]]:
    """Return the resources of rows, each wanted relation loaded by one statement."""
    if not rows:
        return []
    loaded = load_relations(read, rows, values)
    return [read.resource(row, loaded, values[1]) for row in rows]


def load_relations(
    read: Reader, rows: Sequence[Found], values: Sequence[Any]
) -> list[tuple[int, Mapping[Any, Mapping[str, list[Json]]]]]:
    """Return, for each relation that is wanted, where its key stands in a row and its values."""
    loaded = []
    for place, relation in read.relations:
        keys = [row[place] for row in rows]
        loaded.append((place, relation.load(keys, values)))
    return loaded
