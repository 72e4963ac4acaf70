"""The import preview: whom an identity provider is about to send, compared with the accounts.

People are kept first and compared then, a batch in each transaction: whatever ends in between
is taken up where it ended, and nobody else waits for it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.db import transaction

from scim_provisioning.ledger import storable
from scim_provisioning.models import (
    Candidate,
    Connection,
    Decision,
    ExternalId,
    Match,
    MultiValue,
    Reason,
    ScimUser,
    Source,
)
from scim_provisioning.protocol.errors import InvalidValue
from scim_provisioning.protocol.fold import fold
from scim_provisioning.resources import mirror
from scim_provisioning.resources.expressions import lookup_key

from . import backfill, ownership
from .people import Person

BATCH = 1000
LONGEST_NAME, LONGEST_EMAIL, LONGEST_ID = 256, 320, 256
MATCHES = (Match.USER_NAME, Match.EXTERNAL_ID, Match.EMAIL)
"""What an account matches by, the strongest first."""
DECIDABLE = (*MATCHES, Match.AMBIGUOUS)
"""What waits for a decision: a new account does not."""
Ids = Mapping[str, set[UUID]]


def take(connection: Connection, people: Iterable[Person], source: Source) -> None:
    """Keep people for the comparison in the place of those of before; decisions stay."""
    Candidate.objects.filter(connection=connection, decision=Decision.OPEN).delete()
    seen: set[str] = set()
    rows = (_candidate(connection, person, source, seen) for person in people)
    if source == Source.REFUSED:
        # Who was refused is sent again, and again.
        rows = (row for row in rows if row.reason != Reason.TWICE)
    while batch := list(islice(rows, BATCH)):
        # Who is decided already is there.
        Candidate.objects.bulk_create(batch, ignore_conflicts=True)


def _candidate(connection: Connection, person: Person, source: Source, seen: set[str]) -> Candidate:
    name = storable(person.user_name, LONGEST_NAME)
    reason, key = _reason(person.user_name, seen), fold(name)
    seen.add(key)
    return Candidate(
        connection=connection,
        source=source,
        position=person.position,
        user_name=name,
        user_name_key=None if reason else key,
        email=_short(person.email, LONGEST_EMAIL),
        external_id=_short(person.external_id, LONGEST_ID),
        match=Match.UNUSABLE if reason else Match.WAITING,
        reason=reason,
    )


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
    twins = _keyless()
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
    evidence = _evidence(connection, rows, twins)
    singles = {row.pk: ids for row in rows if len(ids := evidence.accounts(row)) == 1}
    found = ScimUser.objects.in_bulk(list(chain.from_iterable(singles.values())))
    privileged = ownership.privileged_among([user.user_id for user in found.values()])
    for row in rows:
        matched = [found[key] for key in singles.get(row.pk, ()) if key in found]
        _settle(row, matched, evidence)
        row.privileged = bool(row.user and row.user.user_id in privileged)
    Candidate.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["match", "user", "privileged"],
    )
    return True


def _settle(row: Candidate, matched: Sequence[ScimUser], evidence: Evidence) -> None:
    if not matched:
        row.match = Match.AMBIGUOUS if evidence.accounts(row) else Match.NEW
        return
    row.user = user = matched[0]
    if user.connection_id is None:
        row.match = evidence.strongest(row, user.pk)
    else:
        row.match = Match.OWN if user.connection_id == row.connection_id else Match.FOREIGN


@dataclass(frozen=True, slots=True)
class Evidence:
    """Which accounts have a name, an address or an external id of some people."""

    names: Ids
    emails: Ids
    external_ids: Ids

    def of(self, row: Candidate) -> dict[Match, set[UUID]]:
        """Return the accounts that match a person, by what."""
        email, nobody = fold(row.email), set[UUID]()
        # An address is an account's by its user name too: some sites have no other.
        addressed = self.emails.get(lookup_key(email), nobody) | self.names.get(email, nobody)
        return {
            Match.USER_NAME: self.names.get(row.user_name_key or "", nobody),
            Match.EXTERNAL_ID: self.external_ids.get(lookup_key(row.external_id), nobody),
            Match.EMAIL: addressed,
        }

    def accounts(self, row: Candidate) -> set[UUID]:
        """Return all of them."""
        return set().union(*self.of(row).values())

    def strongest(self, row: Candidate, account: UUID) -> Match:
        """Return what an account matches by best."""
        found = self.of(row)
        return next(kind for kind in MATCHES if account in found[kind])


def _evidence(connection: Connection, rows: Sequence[Candidate], twins: Ids) -> Evidence:
    """Look for accounts by three statements, whatever the number of people."""
    emails = {fold(row.email) for row in rows if row.email}
    keys = {row.user_name_key for row in rows if row.user_name_key} | emails
    external_ids = {lookup_key(row.external_id) for row in rows if row.external_id}
    named = ScimUser.objects.filter(user_name_key__in=keys, deleted=None)
    addressed = MultiValue.objects.filter(
        attribute="emails", value_key__in=set(map(lookup_key, emails)), user__deleted=None
    )
    # Another connection's ids are of another world: the same number is somebody else.
    called = ExternalId.objects.filter(
        connection=connection, value_key__in=external_ids, user__deleted=None
    ).exclude(user=None)
    names = _grouped(named.values_list("user_name_key", "pk"))
    for key in twins.keys() & keys:
        names[key] |= twins[key]
    return Evidence(
        names,
        _grouped(addressed.values_list("value_key", "user_id")),
        _grouped(called.values_list("value_key", "user_id")),
    )


def _keyless() -> Ids:
    """Return the accounts whose name differs from another's by case only: a few, if any."""
    rows = ScimUser.objects.filter(user_name_key=None, deleted=None)
    pairs = rows.values_list("user_name", "pk")
    return _grouped((fold(name), key) for name, key in pairs.iterator())


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> defaultdict[str, set[UUID]]:
    found = defaultdict[str, set[UUID]](set)
    for key, account in pairs:
        found[key].add(account)
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """An account that matches somebody, by what, and how it stands."""

    account: ScimUser
    by: tuple[Match, ...]
    privileged: bool
    name_taken: bool
    """Whether the person's user name is another account's: this one cannot get it."""
    linked: bool
    """Whether another person of the connection is linked to it."""

    @property
    def is_open(self) -> bool:
        """Whether it can be chosen."""
        return not (self.name_taken or self.linked or self.account.connection_id)


def choices(candidate: Candidate) -> Iterator[Choice]:
    """Yield the accounts that match a person now, in the order of their names."""
    evidence = _evidence(candidate.connection, [candidate], _keyless())
    found = evidence.of(candidate)
    accounts = ScimUser.objects.filter(pk__in=evidence.accounts(candidate))
    rows = list(accounts.select_related("connection").order_by("user_name", "pk"))
    privileged = ownership.privileged_among([row.user_id for row in rows])
    links = Candidate.objects.filter(
        connection=candidate.connection_id, decision=Decision.LINK, user__in=rows
    )
    linked = set(links.exclude(pk=candidate.pk).values_list("user_id", flat=True))
    for row in rows:
        by = tuple(kind for kind in MATCHES if row.pk in found[kind])
        others = bool(found[Match.USER_NAME] - {row.pk})
        yield Choice(row, by, row.user_id in privileged, others, row.pk in linked)
