"""Rows become resources: which columns a projection needs, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scim_provisioning.protocol.attributes import Json, Returned, Target, Type
from scim_provisioning.protocol.projection import Projection

from .bindings import EXTENSIONS, Binding, Column, InJsonColumn, Reference
from .mapping import ResourceMapping, pick, put
from .relations import Relation, Rows

Loaded = Sequence[tuple[int, Mapping[Any, Mapping[str, list[Json]]]]]


@dataclass(frozen=True, eq=False)
class Reader:
    """Reads resources of one mapping under one projection.

    ``columns`` is what to select, the id and Django's key first; ``relations`` gives the
    place of the owner's key in a row, and the relation.
    """

    mapping: ResourceMapping
    columns: tuple[Any, ...]
    plain: tuple[tuple[int, str | None, str | None, str], ...]
    computed: tuple[tuple[int, int, Binding, Target], ...]
    relations: tuple[tuple[int, Relation], ...]
    derived: tuple[tuple[Target, Reference], ...]
    wanted: frozenset[str]
    projection: Projection
    whole: bool

    def document(self, row: Sequence[Any], loaded: Loaded, base_url: str) -> dict[str, Json]:
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
        for place, values in loaded:
            for name, entries in values.get(row[place], {}).items():
                if name in self.wanted:
                    found[name] = entries
        return found

    def resource(self, row: Sequence[Any], loaded: Loaded, base_url: str) -> dict[str, Json]:
        """Return what the client gets: the document with its schemas, projected."""
        return self.finish(self.document(row, loaded, base_url), base_url, whole=self.whole)

    def finish(self, document: dict[str, Json], base_url: str, *, whole: bool) -> dict[str, Json]:
        """Return a document with ``schemas`` and derived references, projected."""
        for target, binding in self.derived:
            if (value := pick(document, binding.source)) is not None:
                put(document, target, binding.derive(value, base_url))
        extensions = [s.id for s in self.mapping.declared.extensions if s.id in document]
        resource = {"schemas": [self.mapping.declared.schema.id, *extensions], **document}
        if whole:
            return resource
        return self.projection.apply(resource, self.mapping.resource_type)


@lru_cache(maxsize=256)
def reader(mapping: ResourceMapping, projection: Projection) -> Reader:
    """Return the reader of a projection; what it leaves out is neither read nor loaded."""
    wanted = frozenset(
        key
        for key, target in mapping.targets.items()
        if projection.wants(key, target.leaf.returned)
    )
    # What a reference is made of has to be read, whether it is shown or not.
    sources = {binding.source.key for target, binding in mapping.derived if target.key in wanted}
    return _build(mapping, wanted | sources, projection)


@lru_cache(maxsize=8)
def stored_reader(mapping: ResourceMapping) -> Reader:
    """Return the reader of what clients may write, memberships left out: PATCH edits that."""
    return _build(mapping, frozenset(key for key, _, _ in mapping.stored), Projection())


def _build(mapping: ResourceMapping, wanted: frozenset[str], projection: Projection) -> Reader:
    columns: list[Any] = ["id", mapping.owner_column]
    plain: list[tuple[int, str | None, str | None, str]] = []
    computed: list[tuple[int, int, Binding, Target]] = []
    relations: dict[str, tuple[int, Relation]] = {}
    for key, target in mapping.targets.items():
        binding = mapping.bindings[key]
        if key not in wanted:
            continue
        if isinstance(binding, Relation):
            name = "rows" if isinstance(binding, Rows) else key
            relations[name] = (0 if binding.owner == "id" else 1, binding)
        elif isinstance(binding, Column) and target.leaf.type is not Type.DATETIME:
            plain.append((len(columns), *_path(target)))
            columns.append(binding.name)
        elif isinstance(binding, InJsonColumn):
            # One column for all of them: it is read once.
            place = columns.index(EXTENSIONS) if EXTENSIONS in columns else len(columns)
            computed.append((place, place + 1, binding, target))
            columns[place : place + 1] = [EXTENSIONS]
        elif binding.columns:
            computed.append((len(columns), len(columns) + len(binding.columns), binding, target))
            columns.extend(binding.columns)
    return Reader(
        mapping=mapping,
        columns=tuple(columns),
        plain=tuple(plain),
        computed=tuple(computed),
        relations=tuple(relations.values()),
        derived=tuple(pair for pair in mapping.derived if pair[0].key in wanted),
        wanted=wanted,
        projection=projection,
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
