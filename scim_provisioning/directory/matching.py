"""The import preview: whom an identity provider is about to send, compared with the accounts.

People are kept first and compared then, a batch in each transaction: whatever ends in between
is taken up where it ended, and nobody else waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from scim_provisioning.ledger import storable
from scim_provisioning.models import (
    Candidate,
    Connection,
    Decision,
    Match,
    Reason,
    ScimUser,
    Source,
)
from scim_provisioning.models.candidate import LONGEST_EMAIL, LONGEST_ID, LONGEST_NAME
from scim_provisioning.protocol.errors import InvalidValue
from scim_provisioning.protocol.fold import fold
from scim_provisioning.resources import mirror
from scim_provisioning.statements import insert_missing

from . import backfill, evidence, ownership
from .evidence import MATCHES, Evidence, Ids
from .people import Person

BATCH = 1000
DECIDABLE = (*MATCHES, Match.AMBIGUOUS)
"""What waits for a decision: a new account does not."""


def take(connection: Connection, people: Iterable[Person], source: Source) -> None:
    """Keep people for the comparison in the place of those of before; decisions stay."""
    Candidate.objects.filter(connection=connection, decision=Decision.OPEN).delete()
    seen: set[str] = set()
    rows = (_row(connection, person, source, seen) for person in people)
    if source == Source.REFUSED:
        # Who was refused is sent again, and again.
        rows = (row for row in rows if row["reason"] != Reason.TWICE)
    while batch := list(islice(rows, BATCH)):
        # Who is decided already is there.
        insert_missing(Candidate, batch)


def _row(connection: Connection, person: Person, source: Source, seen: set[str]) -> dict[str, Any]:
    """Return the columns of a person; own statements know no defaults."""
    name = storable(person.user_name, LONGEST_NAME)
    reason, key = _reason(person.user_name, seen), fold(name)
    seen.add(key)
    return {
        "connection": connection.pk,
        "source": source,
        "position": person.position,
        "user_name": name,
        "user_name_key": None if reason else key,
        "email": _short(person.email, LONGEST_EMAIL),
        "external_id": _short(person.external_id, LONGEST_ID),
        "match": Match.UNUSABLE if reason else Match.WAITING,
        "reason": reason,
        "privileged": False,
        "decision": Decision.OPEN,
        "decided_by": "",
        "created": timezone.now(),
    }


def _reason(user_name: str, seen: set[str]) -> str:
    """Tell why nobody of that name can be created, empty where somebody can."""
    if not user_name.strip():
        return Reason.NAMELESS
    if len(user_name) > LONGEST_NAME:
        return Reason.LONG
    if fold(user_name) in seen:
        return Reason.TWICE
    try:
        mirror.values({mirror.USERNAME: user_name})
    except InvalidValue:
        return Reason.UNFIT
    return ""


def _short(text: str, most: int) -> str:
    """Return a text, or nothing where it is too long: its head would match something else."""
    return storable(text, most) if len(text) <= most else ""


def match(connection: Connection, seconds: float) -> int:
    """Compare those who wait for so long at most; return how many are left."""
    until = time.monotonic() + seconds
    # Names are compared as SCIM does: by keys, which accounts have once SCIM knows them.
    goes_on = backfill.add_missing(until)
    twins = evidence.keyless()
    while goes_on and time.monotonic() < until:
        goes_on = _match_batch(connection, twins)
    return Candidate.objects.filter(connection=connection, match=Match.WAITING).count()


@transaction.atomic
def _match_batch(connection: Connection, twins: Ids) -> bool:
    waiting = Candidate.objects.filter(connection=connection, match=Match.WAITING)
    locked = waiting.select_for_update(skip_locked=True).order_by("id")
    rows = list(locked[:BATCH])
    if not rows:
        return False
    found = evidence.gather(connection, rows, twins)
    users = ScimUser.objects.in_bulk([key for one in found if (key := one.only)])
    privileged = ownership.privileged_among([user.user_id for user in users.values()])
    for row, matching in zip(rows, found, strict=True):
        _settle(row, matching, users)
        row.privileged = bool(row.user and row.user.user_id in privileged)
    Candidate.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["match", "user", "privileged"],
    )
    return True


def _settle(row: Candidate, found: Evidence, users: Mapping[UUID, ScimUser]) -> None:
    key = found.only
    if key is None or key not in users:
        row.match = Match.AMBIGUOUS if found.accounts else Match.NEW
        return
    row.user = user = users[key]
    if user.connection_id is None:
        row.match = found.kinds(key)[0]
    else:
        row.match = Match.OWN if user.connection_id == row.connection_id else Match.FOREIGN
