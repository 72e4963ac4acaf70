"""Personal access tokens: made, recognised without a query where mistyped, and looked up."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import DateTimeField, F, Q
from django.utils import timezone

from scim_provisioning import conf
from scim_provisioning.context import Principal
from scim_provisioning.models import PersonalAccessToken
from scim_provisioning.protocol.errors import Unauthorized
from scim_provisioning.statements import Select, Slot

from . import opaque
from .principals import connection_paths, parse_scopes, principal

PREFIX = "kvp_"


def generate() -> str:
    """Return a new token."""
    return opaque.generate(PREFIX)


def create(
    owner: Any, *, description: str = "", scopes: str = "scim", expires: datetime | None = None
) -> tuple[PersonalAccessToken, str]:
    """Make a token; return its row, and the token itself for the only time."""
    token = generate()
    lifetime = timedelta(days=conf.current().token_lifetime_days)
    row = PersonalAccessToken.objects.create(
        owner=owner,
        digest=opaque.digest(token),
        hint=opaque.hint(token),
        description=description,
        scopes=scopes,
        expires=expires or timezone.now() + lifetime,
    )
    return row, token


@lru_cache(maxsize=4)
def _by_digest(vendor: str) -> Select:
    """One statement tells the token that counts, its owner and the owner's connection."""
    username = get_user_model().USERNAME_FIELD
    valid_after = "owner__scim__credentials_valid_after"
    rows = PersonalAccessToken.objects.filter(
        Q(**{f"{valid_after}__isnull": True}) | Q(created__gt=F(valid_after)),
        digest=Slot(0),
        revoked__isnull=True,
        expires__gt=Slot(1, DateTimeField()),
        owner__is_active=True,
    )
    columns = ["pk", "owner_id", f"owner__{username}", "scopes", "last_used"]
    return Select(rows.order_by().values_list(*columns, *connection_paths("owner__")))


def check(token: str, username: str | None, credential: str) -> Principal:
    """Return the principal of a token; raise Unauthorized for any that does not count.

    ``username`` is what was sent with it in Basic: it has to be the owner's.
    """
    if not opaque.is_well_formed(token, PREFIX):
        raise Unauthorized
    rows = _by_digest(connection.vendor).rows([opaque.digest(token), timezone.now()])
    if not rows:
        raise Unauthorized
    pk, owner, name, scopes, last_used, *rest = rows[0]
    if username is not None and username != name:
        raise Unauthorized
    return principal(owner, name, credential, f"token:{pk}", parse_scopes(scopes), rest, last_used)
