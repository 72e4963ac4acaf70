"""Which accounts speak for being somebody: by user name, external id, or e-mail address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from scim_provisioning.models import (
    Candidate,
    Connection,
    Decision,
    ExternalId,
    Match,
    MultiValue,
    ScimUser,
)
from scim_provisioning.protocol.fold import fold
from scim_provisioning.resources.expressions import lookup_key

from . import ownership

MATCHES = (Match.USER_NAME, Match.EXTERNAL_ID, Match.EMAIL)
"""What an account matches by, the strongest first."""
NOTHING = frozenset({""})
"""What those who lack a name, an address or an id have in common: it is nobody's."""
Ids = Mapping[str, set[UUID]]
Found = defaultdict[str, set[UUID]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Which accounts match one person, by what."""

    found: Mapping[Match, set[UUID]]

    @property
    def accounts(self) -> set[UUID]:
        """All of them."""
        return set().union(*self.found.values())

    @property
    def only(self) -> UUID | None:
        """The one that matches, None where none does or several do."""
        accounts = self.accounts
        return accounts.pop() if len(accounts) == 1 else None

    def kinds(self, account: UUID) -> tuple[Match, ...]:
        """Return what an account matches by, the strongest first."""
        return tuple(kind for kind in MATCHES if account in self.found[kind])


def gather(connection: Connection, rows: Sequence[Candidate], twins: Ids) -> list[Evidence]:
    """Look for the accounts of people, in their order; ``twins`` are those of ``keyless``.

    It takes three statements, whatever the number of people.
    """
    emails = [fold(row.email) for row in rows]
    named = _named({row.user_name_key or "" for row in rows} | {*emails}, twins)
    addressed = _addressed(emails)
    called = _called(connection, [row.external_id for row in rows])
    return [
        Evidence(
            {
                Match.USER_NAME: named[row.user_name_key or ""],
                Match.EXTERNAL_ID: called[lookup_key(row.external_id)],
                # An address is an account's by its user name too: some sites have no other.
                Match.EMAIL: addressed[lookup_key(email)] | named[email],
            }
        )
        for row, email in zip(rows, emails, strict=True)
    ]


def _named(names: set[str], twins: Ids) -> Found:
    keys = names - NOTHING
    rows = ScimUser.objects.filter(user_name_key__in=keys, deleted=None)
    found = _grouped(rows.values_list("user_name_key", "pk"))
    for key in twins.keys() & keys:
        found[key] |= twins[key]
    return found


def _addressed(emails: Iterable[str]) -> Found:
    keys = {*map(lookup_key, emails)} - NOTHING
    rows = MultiValue.objects.filter(attribute="emails", value_key__in=keys, user__deleted=None)
    return _grouped(rows.values_list("value_key", "user_id"))


def _called(connection: Connection, external_ids: Iterable[str]) -> Found:
    # Another connection's ids are of another world: the same number is somebody else.
    keys = {*map(lookup_key, external_ids)} - NOTHING
    rows = ExternalId.objects.filter(connection=connection, value_key__in=keys, user__deleted=None)
    return _grouped(rows.exclude(user=None).values_list("value_key", "user_id"))


def keyless() -> Ids:
    """Return the accounts whose name differs from another's by case only: a few, if any."""
    rows = ScimUser.objects.filter(user_name_key=None, deleted=None)
    pairs = rows.values_list("user_name", "pk")
    return _grouped((fold(name), key) for name, key in pairs.iterator())


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> Found:
    found: Found = defaultdict(set)
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
    [evidence] = gather(candidate.connection, [candidate], keyless())
    accounts = ScimUser.objects.filter(pk__in=evidence.accounts)
    rows = list(accounts.select_related("connection").order_by("user_name", "pk"))
    privileged = ownership.privileged_among([row.user_id for row in rows])
    links = Candidate.objects.filter(
        connection=candidate.connection_id, decision=Decision.LINK, user__in=rows
    )
    linked = set(links.exclude(pk=candidate.pk).values_list("user_id", flat=True))
    for row in rows:
        others = bool(evidence.found[Match.USER_NAME] - {row.pk})
        yield Choice(
            row, evidence.kinds(row.pk), row.user_id in privileged, others, row.pk in linked
        )
