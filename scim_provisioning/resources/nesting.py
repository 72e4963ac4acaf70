"""What nested groups add to the mappings: groups among members, and indirect groups of users.

A mapping with nesting is another mapping, so ``/Schemas``, filters and compiled statements
tell what is, with and without.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet

from scim_provisioning import hosting
from scim_provisioning.models import GroupClosure, GroupNesting
from scim_provisioning.protocol.attributes import Attribute, Json, Schema
from scim_provisioning.statements import Select, one_of, padded, slots

from .expressions import FIRST_VALUE
from .mapping import ResourceMapping
from .relations import Membership, Relation, membership, visible


@dataclass(frozen=True)
class NestedMembers(Membership):
    """``members``: people, and groups."""

    @property
    def branches(self) -> tuple[Relation, ...]:
        """Django's own membership, and that of groups."""
        return Membership(self.name, self.endpoint, self.kind), GroupMembers()

    def load(
        self, keys: Sequence[Any], context: Sequence[Any]
    ) -> Mapping[Any, Mapping[str, list[Json]]]:
        """Load both."""
        return _joined(self.name, (branch.load(keys, context) for branch in self.branches))


@dataclass(frozen=True)
class GroupMembers(Membership):
    """The groups among the members of a group."""

    name: str = "members"
    endpoint: str = "/Groups"
    kind: str = "Group"

    @property
    def _sides(self) -> tuple[type[models.Model], str, str]:
        return GroupNesting, "group", "member"


@dataclass(frozen=True)
class NestedGroups(Membership):
    """``groups``: those that somebody is in, and those around them."""

    @property
    def branches(self) -> tuple[Relation, ...]:
        """The groups themselves, and what is within them."""
        return DirectGroups(self.name, self.endpoint, self.kind), IndirectGroups()

    def alternatives(self, conditions: Sequence[Q | None], *, by_index: bool = False) -> list[Q]:
        """Ask for the groups first: whoever is in one of them is found by index."""
        own, within = (
            branch.queryset() if condition is None else branch.queryset().filter(condition)
            for branch, condition in zip(self.branches, conditions, strict=True)
        )
        through, user, group = membership()
        groups = own.values("pk").union(within.values("descendant"), all=True)
        place = {user: OuterRef(self.owner), f"{group}__in": groups}
        return [Q(Exists(through._default_manager.filter(**place)))]

    def load(
        self, keys: Sequence[Any], context: Sequence[Any]
    ) -> Mapping[Any, Mapping[str, list[Json]]]:
        """Load both."""
        parts = super().load(keys, context), IndirectGroups().load(keys, context)
        return _joined(self.name, parts)


@dataclass(frozen=True)
class DirectGroups(Membership):
    """Groups as such, of which somebody is a member."""

    @property
    def _other(self) -> str:
        return "scim"

    def queryset(self) -> QuerySet[Any, Any]:
        """Return the groups that are shown."""
        return Group.objects.filter(visible(self._other, "group"))


@dataclass(frozen=True)
class IndirectGroups(Membership):
    """The groups around the groups that somebody is in."""

    name: str = "groups"
    endpoint: str = "/Groups"
    kind: str = "indirect"

    @property
    def _sides(self) -> tuple[type[models.Model], str, str]:
        return GroupClosure, "descendant", "ancestor"

    def load(
        self, keys: Sequence[Any], context: Sequence[Any]
    ) -> Mapping[Any, Mapping[str, list[Json]]]:
        """Load the groups around the groups of all these users, each once."""
        places = padded(keys)
        rows = _indirect_rows(len(places), hosting.variant()).rows([*context, *places])
        return self.entries(rows, context)


@lru_cache(maxsize=32)
def _indirect_rows(size: int, variant: Hashable) -> Select:
    through, user, group = membership()
    outer = f"{group}__scim_above__ancestor__scim"
    # One call of filter: another one would be another join.
    rows = through._default_manager.filter(
        visible(outer, "group"), one_of(user, slots(size, start=FIRST_VALUE))
    )
    return Select(
        rows.order_by(user, f"{outer}__id")
        .values_list(user, f"{outer}__id", f"{outer}__display_name")
        .distinct()
    )


def _joined(
    name: str, parts: Iterable[Mapping[Any, Mapping[str, list[Json]]]]
) -> Mapping[Any, Mapping[str, list[Json]]]:
    found: dict[Any, dict[str, list[Json]]] = {}
    for part in parts:
        for owner, values in part.items():
            found.setdefault(owner, {name: []})[name] += values[name]
    return found


NESTED = {"members": NestedMembers, "groups": NestedGroups}


def with_nesting(mapping: ResourceMapping) -> ResourceMapping:
    """Return a mapping in which groups may be members of groups."""
    bindings = {
        key: NESTED[b.name](b.name, b.endpoint, b.kind) if isinstance(b, Membership) else b
        for key, b in mapping.bindings.items()
    }
    declared = replace(mapping.declared, schema=_telling(mapping.declared.schema))
    return replace(mapping, declared=declared, bindings=bindings)


def _telling(schema: Schema) -> Schema:
    """Return a schema whose ``members`` may be groups."""
    return replace(
        schema,
        attributes=tuple(
            replace(a, sub_attributes=tuple(map(_kinds, a.sub_attributes)))
            if a.name == "members"
            else a
            for a in schema.attributes
        ),
    )


def _kinds(sub: Attribute) -> Attribute:
    if "User" in sub.canonical_values:
        return replace(sub, canonical_values=("User", "Group"))
    if "User" in sub.reference_types:
        return replace(sub, reference_types=("User", "Group"))
    return sub
