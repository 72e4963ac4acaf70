"""What nested groups add to the mappings: groups among members, and indirect groups of users.

A mapping with nesting is another mapping, so ``/Schemas``, filters and compiled statements
tell what is, with and without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q

from scim_provisioning.models import GroupClosure, GroupNesting
from scim_provisioning.protocol.attributes import Attribute, Json, Schema
from scim_provisioning.statements import Select, one_of, padded, slots

from .expressions import FIRST_VALUE
from .mapping import ResourceMapping
from .relations import Membership, Relation, membership, visible


@dataclass(frozen=True)
class GroupMembers(Membership):
    """The groups among the ``members`` of a group."""

    @property
    def _sides(self) -> tuple[type[models.Model], str, str]:
        return GroupNesting, "group", "member"


@dataclass(frozen=True)
class IndirectGroups(Membership):
    """The ``groups`` that hold a user's groups."""

    @property
    def _sides(self) -> tuple[type[models.Model], str, str]:
        return GroupClosure, "descendant", "ancestor"

    def exists(self, condition: Q | None) -> Exists:
        """Return whether a user is in a group within one that meets the condition."""
        found = self.queryset() if condition is None else self.queryset().filter(condition)
        through, user, group = membership()
        place = {user: OuterRef(self.owner), f"{group}__in": found.values("descendant")}
        return Exists(through._default_manager.filter(**place))

    def load(
        self, keys: Sequence[Any], context: Sequence[Any]
    ) -> Mapping[Any, Mapping[str, list[Json]]]:
        """Load the groups around the groups of all these users, each once."""
        places = padded(keys)
        rows = _indirect_rows(self, len(places), connection.vendor).rows([*context, *places])
        return self.entries(rows, context)


@lru_cache(maxsize=32)
def _indirect_rows(relation: IndirectGroups, size: int, vendor: str) -> Select:
    through, user, group = membership()
    outer = f"{group}__scim_above__ancestor__scim"
    # One call of filter: another one would be another join.
    rows = through._default_manager.filter(
        visible(outer), one_of(user, slots(size, start=FIRST_VALUE))
    )
    return Select(
        rows.order_by(user, f"{outer}__id")
        .values_list(user, f"{outer}__id", f"{outer}__display_name")
        .distinct()
    )


MORE: Mapping[str, Membership] = {
    "members": GroupMembers("members", "/Groups", "Group"),
    "groups": IndirectGroups("groups", "/Groups", "indirect"),
}


@dataclass(frozen=True)
class Nested(Membership):
    """A membership with what nesting adds to it."""

    @property
    def branches(self) -> tuple[Relation, ...]:
        """Django's own membership, and ours."""
        return Membership(self.name, self.endpoint, self.kind), MORE[self.name]

    def load(
        self, keys: Sequence[Any], context: Sequence[Any]
    ) -> Mapping[Any, Mapping[str, list[Json]]]:
        """Load both."""
        found: dict[Any, dict[str, list[Json]]] = {}
        for branch in self.branches:
            for owner, values in branch.load(keys, context).items():
                found.setdefault(owner, {self.name: []})[self.name] += values[self.name]
        return found


def with_nesting(mapping: ResourceMapping) -> ResourceMapping:
    """Return a mapping in which groups may be members of groups."""
    bindings = {
        key: Nested(b.name, b.endpoint, b.kind) if isinstance(b, Membership) else b
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
