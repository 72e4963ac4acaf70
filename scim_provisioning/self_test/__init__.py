"""*Test*: the identity provider's own connection test, run by the site against itself over HTTP.

It goes to the public URL, as the identity provider would, and only where that cannot be
reached from here to the address this site is served at. A credential is made for it, and is
gone when it ends. The site has to answer one request while it handles another: each
exchange is given a few seconds, and where nothing else serves, the outcome says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from scim_provisioning import connections
from scim_provisioning.auth import client_secrets, personal_tokens
from scim_provisioning.credentials import Kind
from scim_provisioning.guides import Guide
from scim_provisioning.models import Connection

from .asking import ConnectionTest
from .exchange import Exchange, Unreachable

__all__ = ["Exchange", "Outcome", "Place", "run"]

LIFETIME = timedelta(minutes=2)
"""How long the credential would live if this process died before it took it away."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the site is: what clients call, and where this very server listens, if it is known."""

    site: str
    local: str | None = None
    local_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a test; ``unreachable`` says why it went to the local address."""

    base_url: str
    exchanges: tuple[Exchange, ...]
    unreachable: str = ""

    @property
    def passed(self) -> bool:
        """Whether the identity provider would be content."""
        return bool(self.exchanges) and not any(one.problem for one in self.exchanges)


def run(connection: Connection, guide: Guide, place: Place) -> Outcome:
    """Test a connection as the guide's identity provider does."""
    base = connections.base_url(place.site)
    with _unseen(connection), _credential(connection, guide.kind) as secret:
        tested = ConnectionTest(connection, guide, secret)
        try:
            return Outcome(base, tuple(tested.exchanges(base, {})))
        except Unreachable as problem:
            reason = str(problem)
        if place.local is None:
            return Outcome(base, (), reason)
        local = place.local + urlsplit(base).path
        try:
            return Outcome(local, tuple(tested.exchanges(local, place.local_headers)), reason)
        except Unreachable as problem:
            return Outcome(base, (), f"{reason} {problem}")


@contextmanager
def _credential(connection: Connection, kind: Kind) -> Iterator[str]:
    """Give a secret that reads, for the time of a test."""
    facts: dict[str, Any] = {
        "scopes": "scim.read",
        "expires": timezone.now() + LIFETIME,
        "description": "Connection test",
    }
    row: Any
    if kind is Kind.CLIENT:
        row, secret = client_secrets.create(connection, **facts)
    else:
        row, secret = personal_tokens.create(connection.acting_user, **facts)
    try:
        yield secret
    finally:
        row.delete()


@contextmanager
def _unseen(connection: Connection) -> Iterator[None]:
    """Leave when the identity provider was seen as it was: this is not it."""
    began = timezone.now()
    before = Connection.objects.values("first_seen", "last_seen").get(pk=connection.pk)
    try:
        yield
    finally:
        Connection.objects.filter(pk=connection.pk, last_seen__gte=began).update(**before)
