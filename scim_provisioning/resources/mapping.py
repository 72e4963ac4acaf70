"""A resource mapping: the one table that ties a resource type's attributes to rows.

``/Schemas``, filter, sort, read, write, PATCH and projection all follow from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import models

from scim_provisioning.protocol.attributes import (
    Attribute,
    Json,
    Mutability,
    ResourceType,
    Schema,
    Target,
)
from scim_provisioning.protocol.fold import fold

from .bindings import EXTENSIONS, Binding, Column, InJsonColumn, Reference, is_folded
from .relations import Membership, Relation, Rows

Changes = dict[str, tuple[Json, Json]]
"""Attribute key → (before, after), None for unassigned."""


@dataclass(frozen=True, eq=False)
class ResourceMapping:
    """A resource type, the model of its rows, and a binding per attribute key.

    Keys are canonical names: ``userName``, ``name.givenName``, ``urn:…:User:department``.
    """

    declared: ResourceType
    model: type[models.Model]
    bindings: Mapping[str, Binding]
    owner: str | None = None
    """The model's relation to Django's own row, ``user`` or ``group``; None without one."""

    @cached_property
    def resource_type(self) -> ResourceType:
        """The resource type, limited to what is bound: what the server advertises."""
        return replace(
            self.declared,
            schema=self._bound(self.declared.schema, None),
            extensions=tuple(self._bound(schema, schema.id) for schema in self.declared.extensions),
        )

    def _bound(self, schema: Schema, urn: str | None) -> Schema:
        kept = []
        for attribute in schema.attributes:
            key = Target(urn, attribute).key
            subs = tuple(s for s in attribute.sub_attributes if f"{key}.{s.name}" in self.bindings)
            if key in self.bindings:
                kept.append(attribute)
            elif subs:
                kept.append(replace(attribute, sub_attributes=subs))
        return replace(schema, attributes=tuple(kept))

    @cached_property
    def targets(self) -> Mapping[str, Target]:
        """What each bound key means."""
        return {
            key: target for target in self._all_targets() if (key := target.key) in self.bindings
        }

    def _all_targets(self) -> Iterator[Target]:
        owners: list[tuple[str | None, tuple[Attribute, ...]]] = [
            (None, (*self.declared.common, *self.declared.schema.attributes))
        ]
        owners += [(schema.id, schema.attributes) for schema in self.declared.extensions]
        for urn, attributes in owners:
            for attribute in attributes:
                yield Target(urn, attribute)
                yield from (Target(urn, attribute, sub) for sub in attribute.sub_attributes)

    @cached_property
    def _meanings(self) -> Mapping[str, Target]:
        return {target.key: target for target in self._all_targets()}

    def target_of(self, key: str) -> Target:
        """Return what a canonical name means, sub-attributes of a bound attribute included."""
        return self._meanings[key]

    def binding(self, target: Target) -> Binding:
        """Return the binding of a target, or that of the attribute around it."""
        found = self.bindings.get(target.key)
        return found or self.bindings.get(Target(target.urn, target.attribute).key) or Binding()

    @cached_property
    def stored(self) -> tuple[tuple[str, Binding, Target], ...]:
        """The bindings that clients may write."""
        return tuple(
            (key, binding, self.targets[key])
            for key, binding in self.bindings.items()
            if getattr(binding, "stored", False)
        )

    @cached_property
    def immutable(self) -> tuple[str, ...]:
        """The attributes that are set once."""
        return tuple(
            key
            for key, _, target in self.stored
            if Mutability.IMMUTABLE in (target.attribute.mutability, target.leaf.mutability)
        )

    @cached_property
    def unassigned(self) -> Mapping[str, None]:
        """The columns of a row of which nothing is assigned, so that every INSERT is alike."""
        columns = (column for _, binding, _ in self.stored for column in binding.columns)
        return {c: None for c in columns if isinstance(c, str) and c != EXTENSIONS}

    @cached_property
    def derived(self) -> tuple[tuple[Target, Reference], ...]:
        """The references that are made of another attribute's value."""
        return tuple(
            (self.targets[k], b) for k, b in self.bindings.items() if isinstance(b, Reference)
        )

    @cached_property
    def made_elsewhere(self) -> tuple[str, ...]:
        """The keys of what others make: an answer to a write has to read it."""
        return tuple(key for key, binding in self.bindings.items() if binding.made_elsewhere)

    @cached_property
    def memberships(self) -> tuple[str, ...]:
        """The keys of what the writes of other resources change."""
        found = self.bindings.items()
        return tuple(key for key, b in found if isinstance(b, Relation) and not b.stored)

    @cached_property
    def shown_beside(self) -> tuple[str, ...]:
        """The memberships that a write reads to show them: few, as a group's members are not."""
        return () if self.has_members else self.memberships

    @cached_property
    def extensions_in_use(self) -> Mapping[str, models.Q]:
        """The condition that an extension has some value, by its URN.

        One of which nothing is stored is never in use.
        """
        found: dict[str, models.Q] = {}
        for _, binding, target in self.stored:
            if target.urn:
                assigned = models.Q(binding.present(target))
                found[target.urn] = found.get(target.urn, models.Q()) | assigned
        return found

    @cached_property
    def owner_column(self) -> str:
        """The column that memberships point to: Django's own key where there is a row of it."""
        return f"{self.owner}_id" if self.owner else "id"

    @cached_property
    def naming(self) -> str | None:
        """The unique attribute that names a resource, None where no column has a key."""
        keyed = (k for k, b, _ in self.stored if isinstance(b, Column) and b.key)
        return next(keyed, None)

    def name_of(self, identifier: UUID) -> str | None:
        """Return the name of a resource, None where there is none."""
        binding = self.bindings[self.naming] if self.naming else None
        if not isinstance(binding, Column):
            return None
        rows = self.model._default_manager.filter(pk=identifier)
        return rows.values_list(binding.name, flat=True).first()

    @cached_property
    def has_members(self) -> bool:
        """Whether resources have members, which are changed by deltas and may be very many."""
        return isinstance(self.bindings.get("members"), Membership)

    @cached_property
    def endpoint(self) -> str:
        """The endpoint, such as ``/Users``."""
        return self.declared.endpoint

    def changes(self, before: Json, after: Json) -> Changes:
        """Return what differs between two documents, by key."""
        pairs = ((key, pick(before, t), pick(after, t)) for key, _, t in self.stored)
        return {key: (old, new) for key, old, new in pairs if old != new}

    def columns(
        self, changes: Changes, document: Json, kept: Mapping[str, Json] | None = None
    ) -> dict[str, Any]:
        """Return the columns of the row that hold the changed attributes.

        ``kept`` is what the JSON column holds already: attributes that are hidden stay in it.
        Raises InvalidValue where a value does not fit its column.
        """
        columns: dict[str, Any] = {}
        for key, (_, after) in changes.items():
            binding, attribute = self.bindings[key], self.targets[key].leaf
            if isinstance(binding, InJsonColumn):
                before = columns.get(EXTENSIONS, kept or {})
                columns[EXTENSIONS] = binding.merge(before, after, attribute)
            else:
                columns |= binding.write(after, attribute)
        if any(key in self._folding for key in changes):
            columns["folded"] = self._folded(document)
        return columns

    @cached_property
    def _folding(self) -> Mapping[str, str]:
        return {
            key: binding.name
            for key, binding, target in self.stored
            if isinstance(binding, Column) and not binding.key and is_folded(target.leaf)
        }

    def _folded(self, document: Json) -> dict[str, str]:
        found = {}
        for key, column in self._folding.items():
            value = pick(document, self.targets[key])
            if isinstance(value, str) and (text := fold(value)) != value:
                found[column] = text
        return found

    def mirrored(self, changes: Changes) -> dict[str, Json]:
        """Return the changed values that the user model's own fields copy, by role."""
        found: dict[str, Json] = {}
        for key, (_, after) in changes.items():
            binding = self.bindings[key]
            if isinstance(binding, Rows) and binding.mirror:
                found[binding.mirror] = primary_value(after)
            elif isinstance(binding, Column) and binding.mirror:
                found[binding.mirror] = after
        return found


def pick(document: Json, target: Target) -> Json:
    """Return the value at a target of a document, None where it is unassigned."""
    holder = document.get(target.urn) if target.urn else document
    value = holder.get(target.attribute.name) if holder else None
    if target.sub and value is not None:
        value = value.get(target.sub.name)
    return value


def put(document: dict[str, Json], target: Target, value: Json) -> None:
    """Set the value at a target of a document, making the objects around it."""
    holder = document.setdefault(target.urn, {}) if target.urn else document
    if target.sub:
        holder.setdefault(target.attribute.name, {})[target.sub.name] = value
    else:
        holder[target.attribute.name] = value


def primary_value(entries: Json) -> Json:
    """Return the value of the primary entry, else of the first that has one."""
    values = [entry for entry in entries or () if entry.get("value")]
    first = next((entry for entry in values if entry.get("primary")), values[0] if values else None)
    return first["value"] if first else None
