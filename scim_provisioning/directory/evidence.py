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
Ids = Mapping[str, set[UUID]]


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


def gather(connection: Connection, rows: Sequence[Candidate], twins: Ids) -> Evidence:
    """Look for accounts; ``twins`` are those of ``keyless``.

    It takes three statements, whatever the number of people.
    """
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


def keyless() -> Ids:
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
    evidence = gather(candidate.connection, [candidate], keyless())
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
