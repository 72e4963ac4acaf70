"""A connection's credentials: made, rotated and revoked.

A secret is returned once, by what makes it. Rotation never adds a right, and two rotations
at once wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from . import conf
from .auth import client_secrets, personal_tokens, portal_tokens
from .auth.principals import BOTH, parse_scopes
from .connections import ConnectionProblem
from .models import ClientSecret, Connection, PersonalAccessToken, WorkloadTrust

MOST_OVERLAP_DAYS = 365
MOST_DAYS = 1095
FEWEST_CLIENT_DAYS = 365
MOST_LIVE_SECRETS = 2
WORKLOAD = "workload"
"""The kind of a trusted workload, which has no secret to rotate."""


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


def rows(connection: Connection, kind: Kind) -> QuerySet[Any, Any]:
    """Return the credentials of a kind, ended ones too."""
    if kind is Kind.CLIENT:
        return ClientSecret.objects.filter(connection=connection)
    return PersonalAccessToken.objects.filter(owner=connection.acting_user_id)


def _live(connection: Connection, kind: Kind) -> QuerySet[Any, Any]:
    return rows(connection, kind).filter(revoked=None, expires__gt=timezone.now())


@transaction.atomic
def make(
    connection: Connection, kind: Kind, *, days: int | None = None, scopes: str | None = None
) -> NewCredential:
    """Make a credential beside those that are there; raise ConnectionProblem."""
    days = _check_days(kind, days)
    _lock(connection)
    _check_room(connection, kind)
    if scopes is None:
        scopes = _scopes_of(_live(connection, kind) or rows(connection, kind)[:1])
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
    days = _check_days(kind, days)
    _lock(connection)
    now = timezone.now()
    old = list(_live(connection, kind))
    ending = rows(connection, kind).filter(pk__in=[row.pk for row in old])
    scopes = _scopes_of(old or rows(connection, kind)[:1])
    if overlap_days:
        end = now + timedelta(days=overlap_days)
        ending.filter(expires__gt=end).update(expires=end)
    else:
        ending.update(revoked=now)
    _check_room(connection, kind)
    return _create(connection, kind, scopes, now + timedelta(days=days))


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


def _check_room(connection: Connection, kind: Kind) -> None:
    if kind is Kind.CLIENT and _live(connection, kind).count() >= MOST_LIVE_SECRETS:
        raise ConnectionProblem("Two client secrets are live already: revoke one first.")


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
        client_id = client(connection).client_id
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


def client(connection: Connection) -> Any:
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


@transaction.atomic
def trust(
    connection: Connection, *, issuer: str, jwks_uri: str, subject: str, audience: str
) -> tuple[WorkloadTrust, str]:
    """Let a workload get tokens without a secret; return it, and the client id it names.

    A workload of that issuer and subject is updated, not doubled. Raises ConnectionProblem.
    """
    _check_days(Kind.CLIENT, None)
    _lock(connection)
    row = WorkloadTrust.objects.filter(
        connection=connection, issuer=issuer, subject=subject
    ).first() or WorkloadTrust(connection=connection, issuer=issuer, subject=subject)
    row.jwks_uri, row.audience, row.enabled = jwks_uri, audience, True
    try:
        row.full_clean()
    except ValidationError as error:
        raise ConnectionProblem(" ".join(error.messages)) from None
    row.save()
    return row, str(client(connection).client_id)


def revoke(connection: Connection, key: str) -> None:
    """End a credential now, and every token issued for it; raise ConnectionProblem."""
    kind, _, number = key.partition(":")
    ended = 0
    if number.isascii() and number.isdigit() and len(number) < 19:
        ended = _end(connection, kind, int(number))
    if not ended:
        raise ConnectionProblem(f"{connection.name} has no live credential of that name.")


def _end(connection: Connection, kind: str, number: int) -> int:
    if kind == WORKLOAD:
        trusts = WorkloadTrust.objects.filter(connection=connection, pk=number, enabled=True)
        return trusts.update(enabled=False)
    if kind in list(Kind):
        return _live(connection, Kind(kind)).filter(pk=number).update(revoked=timezone.now())
    return 0
