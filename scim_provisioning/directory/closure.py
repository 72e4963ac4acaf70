"""The closure of nested groups, made anew from its edges: what a restore or raw SQL left wrong."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import transaction

from scim_provisioning.models import GroupClosure, GroupNesting
from scim_provisioning.protocol.ordering import in_order
from scim_provisioning.statements import BATCH, batched

from .nesting import lock_all, reached

Depths = dict[tuple[Any, Any], int]
"""(the outer group, the inner one) → how deep at most."""


def examine(*, mend: bool) -> int:
    """Return how many rows of the closure are wrong or missing; ``mend`` makes them right."""
    if not any(_differences()):
        return 0
    with transaction.atomic():
        # A client may have changed groups between the two reads: once more, alone.
        lock_all()
        stale, missing = _differences()
        if mend:
            for batch in batched(stale):
                GroupClosure.objects.filter(pk__in=batch).delete()
            GroupClosure.objects.bulk_create(
                [
                    GroupClosure(ancestor_id=outer, descendant_id=inner, depth=depth)
                    for (outer, inner), depth in missing.items()
                ],
                batch_size=BATCH,
            )
        return len({*missing, *stale.values()})


def _differences() -> tuple[dict[Any, tuple[Any, Any]], Depths]:
    """Return the rows that should not be, by key, and those that should."""
    missing, stale = _wanted(), {}
    rows = GroupClosure.objects.values_list("pk", "ancestor_id", "descendant_id", "depth")
    for key, outer, inner, depth in rows.iterator():
        if missing.get((outer, inner)) == depth:
            del missing[outer, inner]
        else:
            stale[key] = outer, inner
    return stale, missing


def _wanted() -> Depths:
    """Return the closure that follows from the edges; those of a circle lead nowhere."""
    inner: dict[Any, set[Any]] = defaultdict(set)
    for outer, member in GroupNesting.objects.values_list("group_id", "member_id").iterator():
        inner[outer].add(member)
        inner.setdefault(member, set())
    within: dict[Any, dict[Any, int]] = {}
    for knot in in_order(inner):
        for group in knot:
            within[group] = reached(inner[group].difference(knot), within)
    return {(outer, member): depth for outer in within for member, depth in within[outer].items()}
