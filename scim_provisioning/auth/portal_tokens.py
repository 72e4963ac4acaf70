"""Bearer tokens of the site's own token endpoint, where django-oauth-toolkit is installed.

A token names the credential it was issued for, ``kva_…-client-12``. What is stored is the
digest of the whole text, so nobody can make it name another; and one statement finds the
token and sees that its credential, its client, its user and its connection still count.
Nothing here imports the other app: a site without it has no such tokens.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import DateTimeField, F, IntegerField, Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from scim_provisioning.context import Principal
from scim_provisioning.models import SignInClass
from scim_provisioning.protocol.errors import Unauthorized
from scim_provisioning.statements import Select, Slot

from . import opaque
from .principals import connection_paths, parse_scopes, principal

TOOLKIT = "oauth2_provider"
PREFIX = "kva_"
GRANT = "client-credentials"
"""What the toolkit calls the grant in its applications."""
USER = "application__user"
CLIENT_SECRET = f"{USER}__scim_connection__client_secrets"
WORKLOAD = f"{USER}__scim_connection__workload_trusts"
MOST_DIGITS = 18


def is_installed() -> bool:
    """Whether the site can issue tokens at all."""
    return apps.is_installed(TOOLKIT)


def endpoint() -> str | None:
    """Return the path of the token endpoint, None where the site serves none."""
    try:
        return reverse("scim-oauth:token") if is_installed() else None
    except NoReverseMatch:
        return None


def _model(name: str) -> Any:
    setting = f"OAUTH2_PROVIDER_{name}_MODEL"
    default = f"{TOOLKIT}.{name.title().replace('_', '')}"
    return apps.get_model(getattr(settings, setting, default))


def application_model() -> Any:
    """Return the toolkit's model of clients, which a site may have swapped."""
    return _model("APPLICATION")


def access_token_model() -> Any:
    """Return the toolkit's model of tokens, which a site may have swapped."""
    return _model("ACCESS_TOKEN")


def generate(credential_key: str) -> str:
    """Return a new token that names the credential it is issued for."""
    return f"{opaque.generate(PREFIX)}-{credential_key.replace(':', '-')}"


def _credential(token: str) -> tuple[str, int] | None:
    """Return the kind and number of the credential a token names; None where it is no token."""
    secret, _, key = token.partition("-")
    kind, _, number = key.partition("-")
    if not opaque.is_well_formed(secret, PREFIX) or kind not in STATEMENTS:
        return None
    if not (number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS):
        return None
    return kind, int(number)


def _live() -> Any:
    """Return the tokens that count whatever they were issued for."""
    valid_after = f"{USER}__scim__credentials_valid_after"
    return access_token_model()._default_manager.filter(
        Q(**{f"{valid_after}__isnull": True}) | Q(created__gt=F(valid_after)),
        token_checksum=Slot(0),
        expires__gt=Slot(1, DateTimeField()),
        application__authorization_grant_type=GRANT,
        **{f"{USER}__is_active": True},
    )


@lru_cache(maxsize=4)
def _by_client_secret(vendor: str) -> Select:
    rows = _live().filter(
        **{
            f"{CLIENT_SECRET}__pk": Slot(2, IntegerField()),
            f"{CLIENT_SECRET}__revoked__isnull": True,
            f"{CLIENT_SECRET}__expires__gt": Slot(1, DateTimeField()),
        }
    )
    return _select(rows, f"{CLIENT_SECRET}__last_used")


@lru_cache(maxsize=4)
def _by_workload(vendor: str) -> Select:
    named = {f"{WORKLOAD}__pk": Slot(2, IntegerField()), f"{WORKLOAD}__enabled": True}
    return _select(_live().filter(**named), f"{WORKLOAD}__last_used")


def _select(rows: Any, last_used: str) -> Select:
    username = f"{USER}__{get_user_model().USERNAME_FIELD}"
    columns = ["application__user_id", username, "scope", last_used]
    return Select(rows.values_list(*columns, *connection_paths(f"{USER}__")))


STATEMENTS = {"client": _by_client_secret, "workload": _by_workload}
"""How a token is looked up, by the kind of credential it names."""


def check(token: str) -> Principal:
    """Return the principal of a token; raise Unauthorized for any that does not count."""
    named = _credential(token) if is_installed() else None
    if named is None:
        raise Unauthorized
    kind, number = named
    statement = STATEMENTS[kind](connection.vendor)
    rows = statement.rows([opaque.digest(token), timezone.now(), number])
    if not rows:
        raise Unauthorized
    user, name, scopes, last_used, *rest = rows[0]
    return principal(
        user,
        name,
        "oauth",
        f"{kind}:{number}",
        parse_scopes(scopes),
        rest,
        last_used,
        SignInClass.OAUTH,
    )
