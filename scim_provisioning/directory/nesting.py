"""Groups as members of groups: no circles, and what is within what known without recursion.

Every change holds one lock, for who is within whom can only be told when nobody else changes
it. The closure of the group and of those around it is made anew from the edges, in a number
of statements that depends on nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from scim_provisioning import conf, hosting
from scim_provisioning.models import GroupClosure, GroupNesting, ScimGroup
from scim_provisioning.protocol.errors import InvalidValue
from scim_provisioning.protocol.identifiers import shown
from scim_provisioning.statements import BATCH, batched


class Known(NamedTuple):
    """A user or a group that an id names: its key, its owner, and whether it is a member."""

    key: Any
    owner: int | None
    is_member: bool


Found = dict[UUID, Known]
Seen = tuple[UUID, Any, bool]
"""SCIM id, key, and whether it is listed: what is not, is protected."""


def check(group_id: Any, ids: Sequence[UUID]) -> Found:
    """Return those of the ids that name an unprotected group, where groups may be members."""
    if not ids or not conf.current().nested_groups:
        return {}
    edges = GroupNesting.objects.filter(group=group_id, member=OuterRef("group_id"))
    columns = ("id", "group_id", "connection_id", Exists(edges))
    found: Found = {}
    for batch in batched(ids):
        seen = hosting.condition("group", "group")
        rows = ScimGroup.objects.filter(seen, pk__in=batch, listed=True)
        found |= {row[0]: Known(*row[1:]) for row in rows.values_list(*columns)}
    return found


def members(group_id: Any, *, shows_protected: bool) -> list[Seen]:
    """Return the groups in a group that a client sees."""
    if not conf.current().nested_groups:
        return []
    seen = hosting.condition("group", "member")
    rows = GroupNesting.objects.filter(seen, group=group_id, member__scim__isnull=False)
    if not shows_protected:
        rows = rows.filter(member__scim__listed=True)
    return list(rows.values_list("member__scim__id", "member_id", "member__scim__listed"))


def change(group_id: Any, adding: Iterable[Any], removing: Iterable[Any]) -> None:
    """Put groups into a group and take others out; raise InvalidValue for a circle."""
    added, removed = list(adding), list(removing)
    if not added and not removed:
        return
    _lock(group_id)
    _check_circle(group_id, added)
    for batch in batched(removed):
        GroupNesting.objects.filter(group=group_id, member__in=batch).delete()
    GroupNesting.objects.bulk_create(
        [GroupNesting(group_id=group_id, member_id=key) for key in added],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    _close(group_id)


def forget(group_id: Any) -> None:
    """Take a group that is about to go out of the groups that hold it."""
    edges = GroupNesting.objects.filter(Q(group=group_id) | Q(member=group_id))
    around = {outer for outer, _ in edges.values_list("group_id", "member_id")} - {group_id}
    if not around:
        return
    _lock(group_id)
    edges.delete()
    for outer in sorted(around):
        _close(outer)
    ScimGroup.objects.filter(group__in=around).update(
        version=F("version") + 1, last_modified=timezone.now()
    )


def _lock(group_id: Any) -> None:
    """Hold the group, then the one lock of all nesting, until the transaction ends.

    Always in that order.
    """
    list(ScimGroup.objects.select_for_update(no_key=True).filter(group=group_id).values("pk"))
    lock_all()


def lock_all() -> None:
    """Hold the one lock of all nesting, until the transaction ends.

    The content type's row stands for the table of groups: it is always there, and nothing
    else waits for it.
    """
    kinds = ContentType.objects.select_for_update(no_key=True)
    kinds.get(app_label=ScimGroup._meta.app_label, model=ScimGroup._meta.model_name)


def _around(group_id: Any) -> QuerySet[GroupClosure, Any]:
    return GroupClosure.objects.filter(descendant=group_id).order_by("depth")


def _check_circle(group_id: Any, added: Sequence[Any]) -> None:
    around = {group_id, *_around(group_id).values_list("ancestor_id", flat=True)}
    if circle := around.intersection(added):
        rows = ScimGroup.objects.filter(group__in=circle).order_by("display_name")
        names = ", ".join(f"{row.display_name[:80]!r} ({shown(row.pk)})" for row in rows[:5])
        raise InvalidValue(f"A group cannot be within itself: {names} holds this group, or is it.")


def _close(group_id: Any) -> None:
    """Write what is within a group, and within those around it, anew."""
    changed = [group_id, *_around(group_id).values_list("ancestor_id", flat=True)]
    whose = Q(group=group_id) | Q(group__in=_around(group_id).order_by().values("ancestor"))
    inner: dict[Any, list[Any]] = defaultdict(list)
    for outer, member in GroupNesting.objects.filter(whose).values_list("group_id", "member_id"):
        inner[outer].append(member)
    within: dict[Any, dict[Any, int]] = defaultdict(dict)
    held = GroupNesting.objects.filter(whose).values("member")
    rows = GroupClosure.objects.filter(ancestor__in=held)
    for outer, member, depth in rows.values_list("ancestor_id", "descendant_id", "depth"):
        within[outer][member] = depth
    for outer in changed:
        # The nearest first: all that is in a group is done before the group.
        within[outer] = reached(inner[outer], within)
    _write(group_id, {outer: within[outer] for outer in changed})


def reached(members: Iterable[Any], within: dict[Any, dict[Any, int]]) -> dict[Any, int]:
    """Return what is within a group of these members, and how deep at most."""
    found: dict[Any, int] = {}
    for member in members:
        found[member] = max(found.get(member, 0), 1)
        for deeper, depth in within[member].items():
            found[deeper] = max(found.get(deeper, 0), depth + 1)
    return found


def _write(group_id: Any, wanted: dict[Any, dict[Any, int]]) -> None:
    """Make the closure of these groups what it should be; raise InvalidValue if too deep."""
    most = conf.current().nested_groups_depth
    if any(depth > most for depths in wanted.values() for depth in depths.values()):
        raise InvalidValue(f"Groups are nested at most {most} deep here.")
    missing = {
        (outer, inner): depth for outer, depths in wanted.items() for inner, depth in depths.items()
    }
    stale = []
    whose = Q(ancestor=group_id) | Q(ancestor__in=_around(group_id).order_by().values("ancestor"))
    for row in GroupClosure.objects.filter(whose):
        if missing.get((row.ancestor_id, row.descendant_id)) == row.depth:
            del missing[row.ancestor_id, row.descendant_id]
        else:
            stale.append(row.pk)
    for batch in batched(stale):
        GroupClosure.objects.filter(pk__in=batch).delete()
    GroupClosure.objects.bulk_create(
        [GroupClosure(ancestor_id=o, descendant_id=i, depth=d) for (o, i), d in missing.items()],
        batch_size=BATCH,
    )
