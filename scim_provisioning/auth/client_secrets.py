"""Client secrets: made, and looked up together with the client they belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from scim_provisioning.models import ClientSecret, Connection

from . import opaque, portal_tokens

PREFIX = "kvs_"
SECRET = "user__scim_connection__client_secrets"


def create(
    connection: Connection, *, scopes: str, expires: datetime, description: str = ""
) -> tuple[ClientSecret, str]:
    """Make a secret; return its row, and the secret itself for the only time."""
    secret = opaque.generate(PREFIX)
    row = ClientSecret.objects.create(
        connection=connection,
        digest=opaque.digest(secret),
        hint=opaque.hint(secret),
        description=description,
        scopes=scopes,
        expires=expires,
    )
    return row, secret


def clients(client_id: str) -> Any:
    """Return the client with this id, as rows, where its user is active."""
    return portal_tokens.application_model()._default_manager.filter(
        authorization_grant_type=portal_tokens.GRANT, client_id=client_id, user__is_active=True
    )


def find(client_id: str, secret: str) -> Any:
    """Return the client with this id and this live secret, None where there is none.

    The client has ``secret_id`` and ``secret_scopes``. One statement asks for both at once:
    an unknown client and a wrong secret take the same time.
    """
    valid_after = "user__scim__credentials_valid_after"
    rows = clients(client_id).filter(
        Q(**{f"{valid_after}__isnull": True}) | Q(**{f"{SECRET}__created__gt": F(valid_after)}),
        **{f"{SECRET}__digest": opaque.digest(secret)},
        **{f"{SECRET}__revoked__isnull": True},
        **{f"{SECRET}__expires__gt": timezone.now()},
    )
    scopes = F(f"{SECRET}__scopes")
    return rows.annotate(secret_id=F(f"{SECRET}__pk"), secret_scopes=scopes).first()
