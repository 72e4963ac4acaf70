"""Changes of a group's members, told apart from the rest: a group is never loaded for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .attributes import Json, lowered
from .errors import InvalidValue, MutabilityError
from .operations import Operation
from .tree import Comparison, Filter, Operator, Or

Kind = Literal["add", "remove", "replace", "clear", "remove_matching"]


@dataclass(frozen=True, slots=True)
class MemberChange:
    """One change of the members; ``values`` are ids, ``filter`` is for ``remove_matching``."""

    kind: Kind
    values: tuple[str, ...] = ()
    filter: Filter | None = None


def split_members(
    operations: Sequence[Operation],
    *,
    by_value: bool = True,
    has_members: bool = True,
    groups: bool = False,
) -> tuple[tuple[Operation, ...], tuple[MemberChange, ...]]:
    """Part the operations on ``members`` from the others, each in their order.

    ``by_value``: a ``remove`` with a value takes these members away, not all of them.
    ``groups``: members may be groups.
    ``has_members``: of other resources, an attribute of that name is one like any other.
    """
    if not has_members:
        return tuple(operations), ()
    others = tuple(o for o in operations if o.target.attribute.name != "members")
    members = tuple(
        _change(o, by_value, groups) for o in operations if o.target.attribute.name == "members"
    )
    return others, members


def _change(operation: Operation, by_value: bool, groups: bool) -> MemberChange:
    sub = operation.target.sub
    if operation.op == "remove" and (sub is None or (sub.name == "value" and operation.filter)):
        # A member without its value is none.
        return _removal(operation, by_value, groups)
    if sub is not None or operation.filter is not None:
        raise MutabilityError("A member cannot be edited: remove it and add another.")
    values = member_ids(operation.value, groups=groups)
    if operation.op == "replace":
        return MemberChange("replace", values)
    return MemberChange("add", values)


def _removal(operation: Operation, by_value: bool, groups: bool) -> MemberChange:
    if operation.filter is not None:
        ids = _named_ids(operation.filter)
        if ids is None:
            return MemberChange("remove_matching", filter=operation.filter)
        return MemberChange("remove", ids)
    if by_value and operation.value is not None:
        # An empty list names nobody; without any value everybody goes.
        return MemberChange("remove", member_ids(operation.value, groups=groups))
    return MemberChange("clear")


def _named_ids(node: Filter) -> tuple[str, ...] | None:
    """Return the ids that a filter names by ``value eq``, None where it asks anything else."""
    nodes = node.operands if isinstance(node, Or) else (node,)
    ids = []
    for part in nodes:
        if not isinstance(part, Comparison) or part.operator is not Operator.EQ:
            return None
        if part.path.name.lower() != "value" or not isinstance(part.value, str):
            return None
        ids.append(part.value)
    return tuple(ids)


def member_ids(value: Json, *, groups: bool = False) -> tuple[str, ...]:
    """Return the ids in a value of ``members``: objects or bare strings, a list or one alone.

    Raises InvalidValue for what is no member, and for groups unless they may be members.
    """
    if value is None or value == "":
        return ()
    entries = value if isinstance(value, list) else [value]
    return tuple(_member_id(entry, groups) for entry in entries)


def _member_id(entry: Json, groups: bool) -> str:
    if isinstance(entry, str) and entry:
        return entry
    if not isinstance(entry, dict):
        raise InvalidValue("A member has to be an object with a value.")
    fields = lowered(entry)
    kind, value = fields.get("type"), fields.get("value")
    if not groups and isinstance(kind, str) and kind.lower() == "group":
        raise InvalidValue("Groups cannot be members of groups here.")
    if not isinstance(value, str) or not value:
        raise InvalidValue("A member has to have the id of a user as its value.")
    return value
