"""In which order the operations of a Bulk are done, and which of them together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import connection

from scim_provisioning.protocol.bulk import BulkOperation
from scim_provisioning.protocol.errors import Conflict
from scim_provisioning.protocol.ordering import in_order
from scim_provisioning.protocol.references import MARK

Knot = Sequence[BulkOperation]
"""One operation, or all of a circle."""
Batch = Sequence[Knot]
"""What is committed together."""
BATCH = 32
"""Creates of a batch: few, since names that are taken meanwhile wait for its end."""


def batches(operations: Sequence[BulkOperation]) -> Iterator[Batch]:
    """Yield what is done next: creates together, where that locks nobody else out."""
    batch: list[Knot] = []
    size = BATCH if connection.features.has_select_for_update else 1
    for places in in_order(_needs(operations)):
        knot = [operations[place] for place in places]
        creates = all(operation.creates for operation in knot)
        if batch and (len(batch) >= size or not creates):
            yield batch
            batch = []
        batch.append(knot)
        if not creates:
            yield batch
            batch = []
    if batch:
        yield batch


def by_members(knot: Knot) -> list[BulkOperation]:
    """Return a circle with every member before its group; raise Conflict where that is circular.

    Any other reference may name who is yet to come, as RFC 7644 section 3.7.1 wants it tried.
    """
    found = {operation.place: operation for operation in knot}
    order = list(in_order({place: o.members & found.keys() for place, o in found.items()}))
    if stuck := next((places for places in order if len(places) > 1), None):
        names = ", ".join(f"{MARK}{(found[place].bulk_id or '')[:40]}" for place in stuck[:5])
        raise Conflict(f"They cannot be members of each other: {names}.")
    return [found[place] for [place] in order]


def _needs(operations: Sequence[BulkOperation]) -> dict[int, set[int]]:
    """Return what has to be done before each: what it refers to, and what comes before it there."""
    needs, last = {}, dict[tuple[str, str], int]()
    for operation in operations:
        needs[operation.place] = set(operation.refers)
        if not operation.creates and operation.id:
            place = (operation.endpoint, operation.id.lower())
            if place in last:
                needs[operation.place].add(last[place])
            last[place] = operation.place
    return needs
