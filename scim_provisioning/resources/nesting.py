"""What nested groups add to the mappings: groups among members, and indirect groups of users.

A mapping with nesting is another mapping, so ``/Schemas``, filters and compiled statements
tell what is, with and without.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from scim_provisioning.models import GroupClosure, GroupNesting
from scim_provisioning.protocol.attributes import Attribute, Json, Schema

from .collecting import Collected
from .mapping import ResourceMapping
from .relations import Membership, Relation, membership, visible


@dataclass(frozen=True)
class NestedMembers(Membership):
    """``members``: people, and groups."""

    @property
    def branches(self) -> tuple[Relation, ...]:
        """Django's own membership, and that of groups."""
        return Membership(self.name, self.endpoint, self.kind), GroupMembers()

    @property
    def sources(self) -> tuple[Relation, ...]:
        """Both."""
        return self.branches


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

    @property
    def sources(self) -> tuple[Relation, ...]:
        """Django's own membership, and the groups around."""
        return Membership(self.name, self.endpoint, self.kind), IndirectGroups()


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

    def collected(self) -> Collected:
        """Return the groups around all groups of somebody."""
        through, user, group = membership()
        outer = f"{group}__scim_above__ancestor__scim"
        # One call of filter: another one would be another join.
        rows = through._default_manager.filter(
            visible(outer, "group"), **{user: OuterRef(self.owner)}
        )
        parts = f"{outer}__id", F(f"{outer}__display_name")
        return Collected(rows.order_by(f"{outer}__id"), parts)

    def entries(self, rows: Sequence[Sequence[Any]], base_url: str) -> Iterable[dict[str, Json]]:
        """Return each of them once, however many ways lead to it."""
        return super().entries(list(dict.fromkeys(map(tuple, rows))), base_url)


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
