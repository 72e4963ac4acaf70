"""From a portal user to a principal: its one connection, and what the credential may do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scim_provisioning.context import Principal
from scim_provisioning.models import SignInClass
from scim_provisioning.protocol.errors import Forbidden

CONNECTION_COLUMNS: tuple[str, ...] = (
    "pk",
    "name",
    "profile",
    "state",
    "delete_policy",
    "shows_protected",
    "requires_if_match",
    "rate_limit",
    "last_seen",
    "schemas_changed",
    "brake_people",
    "brake_percent",
    "records_until",
    "has_decisions",
)
"""What a principal knows of its connection, named alike, but for key and name."""
READ, WRITE = "scim.read", "scim.write"
BOTH = frozenset({READ, WRITE})


def connection_paths(prefix: str) -> list[str]:
    """Return the paths of the connection's columns, seen from its acting user."""
    return [f"{prefix}scim_connection__{column}" for column in CONNECTION_COLUMNS]


def parse_scopes(text: str) -> frozenset[str]:
    """Return the rights that scopes stand for: ``scim`` is both, writing includes reading."""
    scopes = set(text.split())
    if "scim" in scopes or WRITE in scopes:
        return BOTH
    return frozenset({READ}) if READ in scopes else frozenset()


def principal(
    user_id: Any,
    username: str,
    credential: str,
    credential_key: str,
    scopes: frozenset[str],
    connection: Sequence[Any],
    last_used: datetime | None = None,
    sign_in_class: SignInClass = SignInClass.BASIC,
) -> Principal:
    """Return the principal; raise Forbidden where no connection acts as this user."""
    if connection[0] is None:
        raise Forbidden("No provisioning connection acts as this user.")
    facts = dict(zip(CONNECTION_COLUMNS, connection, strict=True))
    return Principal(
        user_id=user_id,
        username=username,
        credential=credential,
        credential_key=credential_key,
        sign_in_class=sign_in_class,
        scopes=scopes,
        last_used=last_used,
        connection_id=facts.pop("pk"),
        connection_name=facts.pop("name"),
        **facts,
    )
