"""A connection's credentials: made, rotated, revoked, and listed with who uses them.

A secret is returned once, by what makes it. Rotation never adds a right, and two rotations
at once wait for each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from . import conf
from .auth import client_secrets, personal_tokens, portal_tokens
from .auth.principals import BOTH, parse_scopes
from .connections import ConnectionProblem
from .models import (
    ClientSecret,
    Connection,
    PersonalAccessToken,
    ProvisioningEvent,
    RequestCount,
)

MOST_OVERLAP_DAYS = 365
MOST_DAYS = 1095
FEWEST_CLIENT_DAYS = 365
MOST_LIVE_SECRETS = 2
WARN_DAYS = (7, 30, 90)
"""Days before the end at which an administrator is warned, and warned again."""
SHOWN_AFTER_END = timedelta(days=30)
USE_COUNTED = timedelta(days=1)


class Kind(StrEnum):
    """What is rotated: the first part of a credential's key."""

    TOKEN = "token"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential and its secret, which is never seen again."""

    key: str
    secret: str
    hint: str
    expires: datetime
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A credential as an administrator sees it; ``share`` is of the last day's requests."""

    key: str
    hint: str
    description: str
    scopes: str
    created: datetime | None
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None
    last_address: str | None
    requests: int
    share: float
    ends_within: int | None

    @property
    def is_live(self) -> bool:
        """Whether it opens anything."""
        return self.revoked is None and (self.expires is None or self.expires > timezone.now())

    @property
    def state(self) -> str:
        """One word or two for people: how it is, and when that ends."""
        if self.revoked is not None:
            return "revoked"
        if not self.is_live:
            return "expired"
        return f"ends within {self.ends_within} days" if self.ends_within else "live"


def _rows(connection: Connection, kind: Kind) -> QuerySet[Any, Any]:
    if kind is Kind.CLIENT:
        return ClientSecret.objects.filter(connection=connection)
    return PersonalAccessToken.objects.filter(owner=connection.acting_user_id)


def _live(connection: Connection, kind: Kind) -> QuerySet[Any, Any]:
    return _rows(connection, kind).filter(revoked=None, expires__gt=timezone.now())


@transaction.atomic
def make(
    connection: Connection, kind: Kind, *, days: int | None = None, scopes: str | None = None
) -> NewCredential:
    """Make a credential beside those that are there; raise ConnectionProblem."""
    days = _check_days(kind, days)
    _lock(connection)
    live = _live(connection, kind)
    if kind is Kind.CLIENT and len(live) >= MOST_LIVE_SECRETS:
        raise ConnectionProblem("Two client secrets are live already: revoke one first.")
    if scopes is None:
        scopes = _scopes_of(live or _rows(connection, kind)[:1])
    elif not parse_scopes(scopes):
        raise ConnectionProblem("The scopes are scim, scim.read or scim.write.")
    return _create(connection, kind, scopes, timezone.now() + timedelta(days=days))


@transaction.atomic
def rotate(
    connection: Connection,
    kind: Kind = Kind.TOKEN,
    *,
    overlap_days: int = 0,
    days: int | None = None,
) -> NewCredential:
    """Make a credential of the same scopes; the old ones end now, or after the overlap.

    Raises ConnectionProblem.
    """
    if not 0 <= overlap_days <= MOST_OVERLAP_DAYS:
        raise ConnectionProblem(f"The overlap is 0 to {MOST_OVERLAP_DAYS} days.")
    _check_days(kind, days)
    _lock(connection)
    now = timezone.now()
    old = list(_live(connection, kind))
    rows = _rows(connection, kind).filter(pk__in=[row.pk for row in old])
    scopes = _scopes_of(old or _rows(connection, kind)[:1])
    if overlap_days:
        end = now + timedelta(days=overlap_days)
        rows.filter(expires__gt=end).update(expires=end)
    else:
        rows.update(revoked=now)
    return make(connection, kind, days=days, scopes=scopes)


def _check_days(kind: Kind, days: int | None) -> int:
    settings = conf.current()
    if kind is Kind.CLIENT and not portal_tokens.is_installed():
        raise ConnectionProblem("Client secrets need django-oauth-toolkit among the apps.")
    if days is None:
        is_client = kind is Kind.CLIENT
        return settings.client_secret_days if is_client else settings.token_lifetime_days
    fewest = FEWEST_CLIENT_DAYS if kind is Kind.CLIENT else 1
    if not fewest <= days <= MOST_DAYS:
        raise ConnectionProblem(f"It lives {fewest} to {MOST_DAYS} days.")
    return days


def _lock(connection: Connection) -> None:
    """Wait for whoever else changes this connection's credentials."""
    Connection.objects.select_for_update().get(pk=connection.pk)


def _scopes_of(rows: Iterable[Any]) -> str:
    """Return what these credentials may do together."""
    rights = [parse_scopes(row.scopes) for row in rows]
    if not rights or BOTH in rights:
        return "scim"
    return " ".join(frozenset().union(*rights))


def _create(connection: Connection, kind: Kind, scopes: str, expires: datetime) -> NewCredential:
    row: ClientSecret | PersonalAccessToken
    client_id, text = None, f"Connection {connection.name}"
    if kind is Kind.CLIENT:
        client_id = _client(connection).client_id
        row, secret = client_secrets.create(connection, scopes=scopes, expires=expires)
    else:
        row, secret = personal_tokens.create(
            connection.acting_user, description=text, scopes=scopes, expires=expires
        )
    return NewCredential(f"{kind}:{row.pk}", secret, row.hint, expires, client_id)


def _clients(connection: Connection) -> Any:
    rows = portal_tokens.application_model()._default_manager
    return rows.filter(
        user=connection.acting_user_id, authorization_grant_type=portal_tokens.GRANT
    ).order_by("pk")


def _client(connection: Connection) -> Any:
    """Return the connection's client, made where there is none.

    The toolkit wants a secret of its own in it: one that it makes, and nobody ever sees.
    """
    found = _clients(connection).first()
    return found or portal_tokens.application_model()._default_manager.create(
        name=f"Connection {connection.name}",
        user=connection.acting_user,
        client_type="confidential",
        authorization_grant_type=portal_tokens.GRANT,
    )


def client_id(connection: Connection) -> str | None:
    """Return the client id of a connection, None before its first client secret."""
    if not portal_tokens.is_installed():
        return None
    found: str | None = _clients(connection).values_list("client_id", flat=True).first()
    return found


def revoke(connection: Connection, key: str) -> None:
    """End a credential now, and every token issued for it; raise ConnectionProblem."""
    kind, _, number = key.partition(":")
    is_key = kind in list(Kind) and number.isascii() and number.isdigit() and len(number) < 19
    live = _live(connection, Kind(kind)).filter(pk=int(number)) if is_key else None
    if live is None or not live.update(revoked=timezone.now()):
        raise ConnectionProblem(
            f"The connection {connection.name} has no live credential of that name."
        )


def listed(connection: Connection) -> list[Listed]:
    """Return the credentials of a connection, live ones first, with the last day's use."""
    use = _use(connection)
    total = sum(use.values())
    ended = timezone.now() - SHOWN_AFTER_END
    found = []
    for kind in Kind:
        for row in _rows(connection, kind).filter(expires__gt=ended):
            if row.revoked is None or row.revoked > ended:
                found.append(_listed(f"{kind}:{row.pk}", row, use, total))
    return sorted(found, key=lambda row: not row.is_live)


def _listed(key: str, row: Any, use: Counter[str], total: int) -> Listed:
    return Listed(
        key=key,
        hint=row.hint,
        description=row.description,
        scopes=row.scopes,
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
        last_used=row.last_used,
        last_address=row.last_address,
        requests=use[key],
        share=use[key] / total if total else 0.0,
        ends_within=_ends_within(row),
    )


def _ends_within(row: Any) -> int | None:
    """Return 7, 30 or 90 where a live credential has so many days left, at most."""
    left = row.expires - timezone.now()
    if row.revoked is not None or left < timedelta():
        return None
    return next((days for days in WARN_DAYS if left <= timedelta(days=days)), None)


def _use(connection: Connection) -> Counter[str]:
    """Return how many requests of the last day each credential made: reads and writes."""
    since = timezone.now() - USE_COUNTED
    reads = RequestCount.objects.filter(connection=connection, minute__gte=since)
    writes = ProvisioningEvent.objects.filter(connection=connection, time__gte=since)
    used: Counter[str] = Counter()
    for rows in (
        reads.order_by().values_list("credential_key").annotate(Sum("count")),
        writes.order_by().values_list("credential_key").annotate(Count("pk")),
    ):
        for key, number in rows:
            used[key] += number
    return used
