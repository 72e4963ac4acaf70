"""Who is in a group: changed by deltas, at the same cost in a group of ten and of a million."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from scim_provisioning import conf
from scim_provisioning.context import Context
from scim_provisioning.protocol.errors import InvalidValue, PayloadTooLarge
from scim_provisioning.protocol.identifiers import parse, shown
from scim_provisioning.protocol.patch import MemberChange
from scim_provisioning.protocol.tree import Filter
from scim_provisioning.resources.asked import base_values
from scim_provisioning.resources.costs import Shape, scans_within
from scim_provisioning.resources.filters import Shaper, where
from scim_provisioning.resources.mapping import ResourceMapping
from scim_provisioning.resources.relations import Membership, Within
from scim_provisioning.statements import Select

from . import member_rows, nesting
from .nesting import Found

changed_elsewhere: ContextVar[bool] = ContextVar("changed_elsewhere", default=True)
"""Whether other code changed memberships since a request set this to False."""


@dataclass(slots=True)
class Delta:
    """What a request changes: sets of SCIM ids; ``emptied`` says that all others go."""

    add: dict[UUID, None] = field(default_factory=dict)
    remove: dict[UUID, None] = field(default_factory=dict)
    emptied: bool = False

    def feed(self, change: MemberChange) -> None:
        """Take one more change in, as if it were done after those before."""
        ids = list(map(_id, change.values))
        if change.kind in ("replace", "clear"):
            self.add, self.remove, self.emptied = dict.fromkeys(ids), {}, True
        into, out = (self.remove, self.add) if change.kind == "remove" else (self.add, self.remove)
        for identifier in ids:
            out.pop(identifier, None)
            into[identifier] = None

    def spare(self, protected: Iterable[UUID]) -> None:
        """Leave members as they are whom the client is shown and never changes."""
        for identifier in protected:
            self.add.pop(identifier, None)


@dataclass(frozen=True, slots=True)
class Moved:
    """The members that a request really added and removed, by SCIM id."""

    added: tuple[UUID, ...] = ()
    removed: tuple[UUID, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def as_changes(self) -> dict[str, Any]:
        """Return it as the ledger keeps it."""
        return {"added": list(map(shown, self.added)), "removed": list(map(shown, self.removed))}


def _id(value: str) -> UUID:
    found = parse(value, any_case=True)
    if found is None:
        raise InvalidValue(f"No {_who()} has the id {value!r}.")
    return found


def _who() -> str:
    return "user or group" if conf.current().nested_groups else "user"


def apply(
    mapping: ResourceMapping, group_id: Any, changes: Iterable[MemberChange], context: Context
) -> Moved:
    """Change who is in a group; raise InvalidValue for ids of nobody.

    Raises PayloadTooLarge where filters would compare too much with every member.
    """
    changes = tuple(changes)
    _check_costs(mapping, changes, context)
    delta, moved = Delta(), Moved()
    for change in changes:
        if change.kind == "remove_matching":
            moved = _join(moved, _flush(group_id, delta, context))
            delta = Delta(remove=dict.fromkeys(_matching(mapping, group_id, change, context)))
        elif change.kind == "remove":
            known = tuple(v for v in change.values if parse(v, any_case=True))
            delta.feed(MemberChange("remove", known, None))
        else:
            delta.feed(change)
    return _join(moved, _flush(group_id, delta, context))


def _check_costs(
    mapping: ResourceMapping, changes: Iterable[MemberChange], context: Context
) -> None:
    most, cost = conf.current().max_filter_scans, 0
    for change in changes:
        if change.filter is not None:
            shape, within = _shape(mapping, change.filter, [], context)
            cost += scans_within(shape, mapping, within)
    if cost > most:
        raise PayloadTooLarge(f"The paths make more than {most} comparisons with every member.")


def _shape(
    mapping: ResourceMapping, asked: Filter, values: list[Any], context: Context
) -> tuple[Shape, Within]:
    target, relation = mapping.targets["members"], mapping.bindings["members"]
    assert isinstance(relation, Membership)
    shaper = Shaper(mapping, context.policy, values)
    return shaper.shape(asked, target.attribute), (target, relation)


def _join(first: Moved, second: Moved) -> Moved:
    return Moved(first.added + second.added, first.removed + second.removed)


def _flush(group_id: Any, delta: Delta, context: Context) -> Moved:
    users, inside = member_rows.seen(group_id, context) if delta.emptied else ([], [])
    delta.spare(identifier for identifier, _, listed in (*users, *inside) if not listed)
    named = [*delta.add, *delta.remove]
    found = member_rows.named(group_id, named)
    groups = nesting.check(group_id, [i for i in named if i not in found])
    adding, removing = _wanted(delta.add, found | groups, context), {}
    for identifier in delta.remove:
        row = found.get(identifier) or groups.get(identifier)
        if row is not None and row.is_member:
            removing[identifier] = row.key
    inner = set(groups)
    if delta.emptied:
        inner |= {identifier for identifier, *_ in inside}
        everybody = (*users, *inside)
        removing = {i: key for i, key, listed in everybody if listed and i not in delta.add}
    member_rows.insert(group_id, _except(adding, inner))
    member_rows.delete(group_id, _except(removing, inner))
    nesting.change(group_id, _only(adding, inner), _only(removing, inner))
    return Moved(tuple(adding), tuple(removing))


def _only(keys: dict[UUID, Any], ids: AbstractSet[UUID]) -> list[Any]:
    return [key for identifier, key in keys.items() if identifier in ids]


def _except(keys: dict[UUID, Any], ids: AbstractSet[UUID]) -> list[Any]:
    return [key for identifier, key in keys.items() if identifier not in ids]


def _wanted(asked: Iterable[UUID], found: Found, context: Context) -> dict[UUID, Any]:
    adding: dict[UUID, Any] = {}
    for identifier in asked:
        if identifier not in found:
            raise InvalidValue(f"No {_who()} has the id {shown(identifier)!r}.")
        known = found[identifier]
        if known.owner not in (None, context.principal.connection_id):
            context.notes.append(f"member {shown(identifier)} belongs to another connection")
        if not known.is_member:
            adding[identifier] = known.key
    return adding


def _matching(
    mapping: ResourceMapping, group_id: Any, change: MemberChange, context: Context
) -> list[UUID]:
    assert change.filter is not None
    values, found = base_values(context), []
    shape, (target, relation) = _shape(mapping, change.filter, values, context)
    for branch in relation.branches:
        assert isinstance(branch, Membership)
        condition = where(shape, mapping, (target, branch))
        rows = branch.queryset().filter(condition, **{branch.owner_path: group_id})
        found += Select(rows.values_list(f"{branch._other}__id")).rows(values)
    return [row[0] for row in found]
