"""What a token is measured by: one enabled application, or one trusted workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection

from scim_provisioning.models import OIDCApplication
from scim_provisioning.models.oidc import ASYMMETRIC, TokenClaim
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.statements import Select, Slot, one_of, slots

from .principals import BOTH, connection_paths, parse_scopes


@dataclass(frozen=True, slots=True)
class Terms:
    """What is expected of a token; ``claim`` has to hold ``identifier``."""

    issuer: str
    jwks_uri: str
    claim: str
    identifier: str
    audiences: tuple[str, ...]
    algorithms: tuple[str, ...] = ASYMMETRIC
    required_scopes: frozenset[str] = frozenset()
    rights: frozenset[str] = BOTH
    require_at_jwt: bool = False
    leeway: int = 60
    max_age: int = 24 * 3600


@dataclass(frozen=True, slots=True)
class Found:
    """An application's terms, and who acts: the mapped user and its connection's columns."""

    terms: Terms
    pk: int
    name: str
    enabled: bool
    last_used: datetime | None
    user_id: Any
    username: str
    is_active: bool
    valid_after: datetime | None
    connection: tuple[Any, ...]


CLAIMS: tuple[str, ...] = tuple(TokenClaim.values)
TERMS = (
    *("issuer", "jwks_uri", "token_claim", "token_identifier", "audiences", "algorithms"),
    *("required_scopes", "rights", "require_at_jwt", "leeway", "max_token_age"),
)
ROW = ("pk", "name", "enabled", "last_used", "mapped_user_id")


def _columns() -> list[str]:
    user = "mapped_user__"
    return [
        *TERMS,
        *ROW,
        f"{user}{get_user_model().USERNAME_FIELD}",
        f"{user}is_active",
        f"{user}scim__credentials_valid_after",
        *connection_paths(user),
    ]


@lru_cache(maxsize=4)
def _by_client(vendor: str) -> Select:
    """One statement tells the applications of a client, their users and connections."""
    rows = OIDCApplication.objects.filter(
        one_of("token_identifier", slots(len(CLAIMS), start=1)), issuer=Slot(0)
    )
    return Select(rows.exclude(token_identifier="").order_by().values_list(*_columns()))


@lru_cache(maxsize=4)
def _introspecting(vendor: str) -> Select:
    rows = OIDCApplication.objects.filter(enabled=True, introspection=True)
    return Select(rows.exclude(token_identifier="").values_list(*_columns()))


def of_client(claims: Mapping[str, Json]) -> list[Found]:
    """Return the applications whose issuer and identifier the claims name, exactly."""
    issuer = storable(claims.get("iss"))
    if not issuer:
        return []
    names = [storable(claims.get(claim)) for claim in CLAIMS]
    found = map(_found, _by_client(connection.vendor).rows([issuer, *names]))
    return [each for each in found if claims.get(each.terms.claim) == each.terms.identifier]


def introspecting() -> list[Found]:
    """Return the enabled applications whose issuer is asked about opaque tokens."""
    return list(map(_found, _introspecting(connection.vendor).rows()))


def storable(value: Json) -> str:
    """Return what a column can hold; the empty text, which names nobody, for anything else."""
    if isinstance(value, str) and value.isprintable() and len(value) <= 500:
        return value
    return ""


def _found(row: tuple[Any, ...]) -> Found:
    issuer, uri, claim, value, audiences, algorithms, scopes, rights, typed, leeway, age = row[:11]
    terms = Terms(
        issuer,
        uri,
        claim,
        value,
        tuple(audiences),
        tuple(algorithms),
        frozenset(scopes.split()),
        parse_scopes(rights),
        typed,
        leeway,
        age,
    )
    pk, name, enabled, last_used, user_id, username, is_active, valid_after, *who = row[11:]
    return Found(
        terms, pk, name, enabled, last_used, user_id, username, is_active, valid_after, tuple(who)
    )
