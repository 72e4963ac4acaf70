"""Which credential a header holds, and who checks it; every refusal looks the same."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import Any

from django.db.models import Manager, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from scim_provisioning import conf
from scim_provisioning.context import Principal
from scim_provisioning.models import (
    ClientSecret,
    Connection,
    OIDCApplication,
    PersonalAccessToken,
    WorkloadTrust,
)
from scim_provisioning.protocol.errors import Unauthorized

from . import client_credentials, compact, introspection, passwords, personal_tokens, portal_tokens

MOST_BYTES = compact.MOST_BYTES + len("Bearer ")
MOST_BASIC = 2048
CREDENTIALS: dict[str, Manager[Any]] = {
    "token": PersonalAccessToken.objects,
    "client": ClientSecret.objects,
    "application": OIDCApplication.objects,
    "workload": WorkloadTrust.objects,
}
"""Where the rows of each kind of ``Principal.credential_key`` are."""


def authenticate(authorization: str | None, address: str | None) -> Principal:
    """Return who sends this header.

    Raises Unauthorized, Forbidden for a user that no connection acts as, TooManyRequests,
    or Unavailable while an issuer's keys cannot be fetched.
    """
    header = (authorization or "").strip()
    if not header or len(header) > MOST_BYTES:
        raise Unauthorized
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "basic" and conf.current().basic:
        return _basic(rest.strip(), address)
    if scheme.lower() == "bearer":
        return _bearer(rest.strip(), address)
    if not rest and header.startswith(personal_tokens.PREFIX):
        # Okta's authentication mode "Header" sends the token bare.
        return personal_tokens.check(header, None, "pat-bearer")
    raise Unauthorized


def _bearer(token: str, address: str | None) -> Principal:
    if client_credentials.is_jwt(token):
        return client_credentials.check(token)
    if token.startswith(personal_tokens.PREFIX):
        return personal_tokens.check(token, None, "pat-bearer")
    if token.startswith(portal_tokens.PREFIX):
        return portal_tokens.check(token)
    return introspection.check(token, address)


def _basic(encoded: str, address: str | None) -> Principal:
    if len(encoded) > MOST_BASIC:
        raise Unauthorized
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        raise Unauthorized from None
    username, colon, password = pair.partition(":")
    if not colon or not username or not password or "\x00" in pair:
        raise Unauthorized
    if password.startswith(personal_tokens.PREFIX):
        return personal_tokens.check(password, username, "pat")
    return passwords.check(username, password, address)


def touch(principal: Principal, address: str | None) -> None:
    """Write when a credential and its connection were last used, every few minutes at most."""
    now = timezone.now()
    due = now - timedelta(seconds=conf.current().last_used_seconds)
    if principal.last_seen is None or principal.last_seen < due:
        Connection.objects.filter(pk=principal.connection_id).update(
            last_seen=now, first_seen=Coalesce("first_seen", Value(now))
        )
    kind, _, pk = principal.credential_key.partition(":")
    if pk and (principal.last_used is None or principal.last_used < due):
        CREDENTIALS[kind].filter(pk=pk).update(last_used=now, last_address=address)
