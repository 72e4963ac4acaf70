"""What an administrator decides about the accounts of an import preview.

A decision changes no account: the connection's next write carries it out, and until then it
can be taken back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from scim_provisioning import conf
from scim_provisioning.models import Candidate, Connection, Decision, Match

from . import ownership
from .matching import BATCH, DECIDABLE


@dataclass(slots=True)
class Decided:
    """What came of it: how many are decided now, and why others are not.

    ``privileged`` wait for somebody who may allow that; ``taken`` are other people's accounts,
    or another connection's; the rest has nothing to decide, or is carried out already. Where
    ``ended`` there was no time for all.
    """

    done: int = 0
    privileged: int = 0
    taken: int = 0
    ended: bool = False


def decide(
    connection: Connection,
    rows: QuerySet[Candidate],
    decision: Decision,
    by: Any,
    *,
    may_allow: bool,
) -> Decided:
    """Decide about people of a connection, in batches; ``may_allow`` is of privileged accounts."""
    decided, until = Decided(), time.monotonic() + conf.current().preview_seconds
    for keys in _batches(rows.filter(connection=connection, match__in=DECIDABLE)):
        if time.monotonic() > until:
            decided.ended = True
            break
        with transaction.atomic():
            _decide(connection, keys, decision, by.get_username(), may_allow, decided)
            note(connection)
    return decided


def choose(candidate: Candidate, account: UUID, by: Any, *, may_allow: bool) -> Decided:
    """Link a person to one of the accounts that match; nothing is changed where that fails."""
    rows = Candidate.objects.filter(pk=candidate.pk)
    with transaction.atomic():
        _unlinked(rows).update(user=account, decision=Decision.OPEN)
        decided = decide(candidate.connection, rows, Decision.LINK, by, may_allow=may_allow)
        transaction.set_rollback(not decided.done)
    return decided


@transaction.atomic
def note(connection: Connection) -> None:
    """Let the connection know whether its creates have to ask for decisions."""
    # One after the other: who counted before the last decision must not write after it.
    Connection.objects.select_for_update().get(pk=connection.pk)
    rows = Candidate.objects.filter(connection=connection).exclude(decision=Decision.OPEN)
    Connection.objects.filter(pk=connection.pk).update(has_decisions=rows.exists())


def _batches(rows: QuerySet[Candidate]) -> Iterator[list[int]]:
    ordered = rows.order_by("id").values_list("id", flat=True)
    page = ordered
    while batch := list(page[:BATCH]):
        yield batch
        page = ordered.filter(id__gt=batch[-1])


def _decide(
    connection: Connection,
    keys: list[int],
    decision: Decision,
    by: str,
    may_allow: bool,
    decided: Decided,
) -> None:
    changed = Candidate.objects.filter(pk__in=keys).exclude(decision=decision)
    changed = _unlinked(changed)
    locked = changed.select_related("user").select_for_update(of=("self",))
    rows = list(locked.order_by("id"))
    fit = _linkable(connection, rows, may_allow, decided) if decision == Decision.LINK else rows
    now = None if decision == Decision.OPEN else timezone.now()
    _mark(fit, decision=decision, decided=now, decided_by=by if now else "")
    if decision == Decision.LINK:
        _mark([row for row in fit if row.privileged], privileged=True)
        _mark([row for row in fit if not row.privileged], privileged=False)
    else:
        # None of several is chosen any more.
        _mark([row for row in fit if row.match == Match.AMBIGUOUS], user=None)
    decided.done += len(fit)


def _unlinked(rows: QuerySet[Candidate]) -> QuerySet[Candidate]:
    """Leave out whose account is the connection's by now: there is nothing to take back."""
    return rows.exclude(user__connection=F("connection"))


def _mark(rows: list[Candidate], **values: Any) -> None:
    Candidate.objects.filter(pk__in=[row.pk for row in rows]).update(**values)


def _linkable(
    connection: Connection, rows: list[Candidate], may_allow: bool, decided: Decided
) -> list[Candidate]:
    """Return those who can be linked, as their accounts stand now."""
    pairs = [(row, row.user) for row in rows if row.user is not None and row.user.deleted is None]
    privileged = ownership.privileged_among([user.user_id for _, user in pairs])
    links = Candidate.objects.filter(connection=connection, decision=Decision.LINK)
    taken = set(
        links.filter(user__in=[user for _, user in pairs]).values_list("user_id", flat=True)
    )
    fit = []
    for row, user in pairs:
        row.privileged = user.user_id in privileged
        if user.connection_id is not None or user.pk in taken:
            decided.taken += 1
        elif row.privileged and not may_allow:
            decided.privileged += 1
        else:
            taken.add(user.pk)
            fit.append(row)
    return fit
