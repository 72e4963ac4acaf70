"""Rows become resources: which columns a projection needs, and how they are read."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scim_provisioning import hosting
from scim_provisioning.protocol.attributes import Json, Returned, Target, Type
from scim_provisioning.protocol.projection import Projection, Shape

from .bindings import Binding, Column, Reference
from .mapping import ResourceMapping, pick, put


@dataclass(frozen=True, eq=False)
class Reader:
    """Reads resources of one mapping under one projection.

    ``columns`` is what to select: the id and Django's key first, and from ``related`` on what
    other tables hold.
    """

    mapping: ResourceMapping
    columns: tuple[Any, ...]
    plain: tuple[tuple[int, str | None, str | None, str], ...]
    computed: tuple[tuple[int, int, Binding, Target], ...]
    related: int
    derived: tuple[tuple[Target, Reference], ...]
    wanted: frozenset[str]
    projection: Projection
    shape: Shape
    whole: bool

    def document(self, row: Sequence[Any], base_url: str) -> dict[str, Json]:
        """Return the attributes of a row, unassigned ones left out."""
        found: dict[str, Json] = {}
        for place, urn, parent, name in self.plain:
            value = row[place]
            if value is None:
                continue
            holder = found if urn is None else found.setdefault(urn, {})
            if parent is not None:
                holder = holder.setdefault(parent, {})
            holder[name] = value
        for start, stop, binding, target in self.computed:
            value = binding.read(row[start:stop], base_url)
            if value is not None:
                put(found, target, value)
        return found

    def resource(self, row: Sequence[Any], base_url: str) -> dict[str, Json]:
        """Return what the client gets: the document with its schemas, projected."""
        return self.finish(self.document(row, base_url), base_url, whole=self.whole)

    def finish(self, document: dict[str, Json], base_url: str, *, whole: bool) -> dict[str, Json]:
        """Return a document with ``schemas`` and derived references, projected."""
        for target, binding in self.derived:
            if (value := pick(document, binding.source)) is not None:
                put(document, target, binding.derive(value, base_url))
        extensions = [s.id for s in self.mapping.declared.extensions if s.id in document]
        resource = {"schemas": [self.mapping.declared.schema.id, *extensions], **document}
        if whole:
            return resource
        return self.shape.apply(resource)


def reader(mapping: ResourceMapping, projection: Projection) -> Reader:
    """Return the reader of a projection; what it leaves out is not read."""
    # Which members are shown, the site's own code may have a say in.
    return _reader(mapping, projection, hosting.variant())


@lru_cache(maxsize=256)
def _reader(mapping: ResourceMapping, projection: Projection, variant: Hashable) -> Reader:
    wanted = frozenset(
        key
        for key, target in mapping.targets.items()
        if projection.wants(key, target.leaf.returned)
    )
    # What a reference is made of has to be read, whether it is shown or not.
    sources = {binding.source.key for target, binding in mapping.derived if target.key in wanted}
    return _build(mapping, wanted | sources, projection)


def stored_reader(mapping: ResourceMapping) -> Reader:
    """Return the reader of what clients may write, which PATCH edits, and of ``shown_beside``."""
    return _stored_reader(mapping, hosting.variant())


@lru_cache(maxsize=32)
def _stored_reader(mapping: ResourceMapping, variant: Hashable) -> Reader:
    stored = (key for key, _, _ in mapping.stored)
    return _build(mapping, frozenset((*stored, *mapping.shown_beside)), Projection())


def _build(mapping: ResourceMapping, wanted: frozenset[str], projection: Projection) -> Reader:
    columns: list[Any] = ["id", mapping.owner_column]
    plain: list[tuple[int, str | None, str | None, str]] = []
    computed: list[tuple[int, int, Binding, Target]] = []
    shared: dict[str, int] = {}
    keys = [key for key in mapping.targets if key in wanted]
    apart = [key for key in keys if mapping.bindings[key].apart]
    related = None
    for key in (*(key for key in keys if key not in apart), *apart):
        binding, target = mapping.bindings[key], mapping.targets[key]
        if related is None and binding.apart:
            related = len(columns)
        if isinstance(binding, Column) and target.leaf.type is not Type.DATETIME:
            plain.append((len(columns), *_path(target)))
            columns.append(binding.name)
        elif binding.columns:
            start = shared.setdefault(binding.shared or key, len(columns))
            computed.append((start, start + len(binding.columns), binding, target))
            if start == len(columns):
                columns.extend(binding.columns)
    return Reader(
        mapping=mapping,
        columns=tuple(columns),
        plain=tuple(plain),
        computed=tuple(computed),
        related=len(columns) if related is None else related,
        derived=tuple(pair for pair in mapping.derived if pair[0].key in wanted),
        wanted=wanted,
        projection=projection,
        shape=projection.shape(mapping.resource_type),
        whole=_is_whole(mapping, wanted, projection),
    )


def _path(target: Target) -> tuple[str | None, str | None, str]:
    parent = target.attribute.name if target.sub else None
    return target.urn, parent, target.leaf.name


def _is_whole(mapping: ResourceMapping, wanted: frozenset[str], projection: Projection) -> bool:
    """Whether nothing is asked, and all that is read is returned by default: none is applied."""
    shown = [mapping.targets[key] for key in wanted]
    on_request = any(
        part.returned is Returned.REQUEST
        for target in shown
        for part in (target.leaf, *target.leaf.sub_attributes)
    )
    return projection == Projection() and not on_request
