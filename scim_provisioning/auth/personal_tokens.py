"""Personal access tokens: made, recognised without a query where mistyped, and looked up.

``kvp_``, 43 base62 characters (256 bits), 6 base62 characters of CRC32. The digest is
what is stored: a token of that entropy needs no slow hash.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from scim_provisioning import conf
from scim_provisioning.context import Principal
from scim_provisioning.models import PersonalAccessToken
from scim_provisioning.protocol.errors import Unauthorized
from scim_provisioning.statements import Select, Slot

from .principals import connection_paths, parse_scopes, principal

PREFIX = "kvp_"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_LENGTH, CHECK_LENGTH = 43, 6


def generate() -> str:
    """Return a new token."""
    secret = "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))
    return f"{PREFIX}{secret}{_checksum(secret)}"


def _checksum(secret: str) -> str:
    number, digits = zlib.crc32(secret.encode()), ""
    for _ in range(CHECK_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return digits


def is_well_formed(token: str) -> bool:
    """Whether a text can be a token at all: its form, and its checksum."""
    secret = token[len(PREFIX) : -CHECK_LENGTH]
    return (
        token.isascii()
        and token.startswith(PREFIX)
        and len(secret) == SECRET_LENGTH
        and secret.isalnum()
        and token[-CHECK_LENGTH:] == _checksum(secret)
    )


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def hint(token: str) -> str:
    """Return what is shown of a token to recognise it by."""
    return f"{token[:8]}…{token[-4:]}"


def create(
    owner: Any, *, description: str = "", scopes: str = "scim", expires: datetime | None = None
) -> tuple[PersonalAccessToken, str]:
    """Make a token; return its row, and the token itself for the only time."""
    token = generate()
    lifetime = timedelta(days=conf.current().token_lifetime_days)
    row = PersonalAccessToken.objects.create(
        owner=owner,
        digest=digest(token),
        hint=hint(token),
        description=description,
        scopes=scopes,
        expires=expires or timezone.now() + lifetime,
    )
    return row, token


@lru_cache(maxsize=4)
def _by_digest(vendor: str) -> Select:
    """One statement tells the token, its owner and the owner's connection."""
    username = get_user_model().USERNAME_FIELD
    columns = ["pk", "owner_id", f"owner__{username}", "owner__is_active", "scopes"]
    columns += [
        "created",
        "expires",
        "revoked",
        "last_used",
        "owner__scim__credentials_valid_after",
    ]
    rows = PersonalAccessToken.objects.filter(digest=Slot(0))
    return Select(rows.values_list(*columns, *connection_paths("owner__")))


def check(token: str, username: str | None, credential: str) -> Principal:
    """Return the principal of a token; raise Unauthorized for any that does not count.

    ``username`` is what was sent with it in Basic: it has to be the owner's.
    """
    if not is_well_formed(token):
        raise Unauthorized
    rows = _by_digest(connection.vendor).rows([digest(token)])
    if not rows:
        raise Unauthorized
    pk, owner, name, is_active, scopes, created, expires, revoked, last_used, valid_after, *rest = (
        rows[0]
    )
    dead = revoked is not None or expires <= timezone.now()
    if dead or not is_active or (valid_after is not None and created <= valid_after):
        raise Unauthorized
    if username is not None and username != name:
        raise Unauthorized
    found = principal(owner, name, credential, pk, parse_scopes(scopes), rest)
    return found.seen(last_used)
