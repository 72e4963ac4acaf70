"""What may be trusted of an issuer and its clients: asked whenever somebody saves it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.db import models
from django.utils.translation import gettext_lazy as _

from scim_provisioning.outbound import ForbiddenUrl, check_url

from .oidc import ASYMMETRIC, Kind

if TYPE_CHECKING:
    from .application import OIDCApplication

URLS = (
    "issuer",
    "jwks_uri",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "end_session_endpoint",
    "introspection_endpoint",
)
SHARED_TENANTS = frozenset({"common", "organizations", "consumers"})
SHARED_AUDIENCE = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"
"""Entra's audience for trials, which any tenant can get a token for."""
Problems = dict[str, Any]
"""What is wrong, by field."""


def problems_of(row: OIDCApplication) -> Problems:
    """Return by field what could not be safe, or could never work."""
    found: Problems = {}
    for check in (_issuer, _urls, _algorithms, _audiences, _identifier, _user, _client):
        found |= check(row)
    return found


def check_issuer(issuer: str) -> Problems:
    """Return what is wrong with an issuer, apart from where it leads."""
    parts = urlsplit(issuer)
    segments = {segment.lower() for segment in parts.path.split("/")}
    if "{" in issuer or segments & SHARED_TENANTS:
        return {"issuer": _("Name one tenant: an issuer shared by all would let anybody in.")}
    if parts.query or parts.fragment:
        return {"issuer": _("An issuer has no query and no fragment.")}
    return {}


def check_urls(row: models.Model, names: Iterable[str]) -> Problems:
    """Return which of a row's URLs this site does not follow."""
    errors: Problems = {}
    for name in names:
        if url := getattr(row, name):
            try:
                check_url(url)
            except ForbiddenUrl as problem:
                errors[name] = str(problem)
    return errors


def _issuer(row: OIDCApplication) -> Problems:
    return check_issuer(row.issuer)


def _urls(row: OIDCApplication) -> Problems:
    # What is off follows nothing, and can be switched off whatever its URLs became.
    return check_urls(row, URLS if row.enabled else ())


def _algorithms(row: OIDCApplication) -> Problems:
    names = row.algorithms
    if not isinstance(names, list) or not names or any(name not in ASYMMETRIC for name in names):
        return {"algorithms": _("Choose among %s.") % ", ".join(ASYMMETRIC)}
    return {}


def _audiences(row: OIDCApplication) -> Problems:
    names = row.audiences
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        return {"audiences": _("Audiences are a list of texts.")}
    if SHARED_AUDIENCE in names:
        return {"audiences": _("Any tenant can get a token for this audience: name your own.")}
    if row.takes_tokens and not names:
        return {"audiences": _("Name the audience of the tokens, at least one.")}
    return {}


def _identifier(row: OIDCApplication) -> Problems:
    if row.takes_tokens != (row.mapped_user_id is not None):
        together = _("The token identifier and the mapped user name go together.")
        return {"token_identifier": together, "mapped_user": together}
    if row.takes_tokens and row.kind == Kind.PUBLIC:
        return {"kind": _("A public application has no client credentials.")}
    if row.token_identifier != row.token_identifier.strip() or re.search(
        r"[\x00-\x1f\x7f]", row.token_identifier
    ):
        return {"token_identifier": _("No spaces around it, and no control characters.")}
    return {}


def _user(row: OIDCApplication) -> Problems:
    user: Any = row.mapped_user
    if user is not None and not user.is_active:
        return {"mapped_user": _("This account is disabled: nothing could act as it.")}
    if user is not None and getattr(user, "is_superuser", False):
        return {"mapped_user": _("A superuser is more than a client needs.")}
    return {}


def _client(row: OIDCApplication) -> Problems:
    if row.takes_tokens and not (row.jwks_uri or row.introspection_endpoint):
        return {"jwks_uri": _("Without the issuer's keys no token can be checked.")}
    if (row.sign_in or row.introspection) and not row.client_id:
        return {"client_id": _("Signing in and introspection need the client id.")}
    if row.introspection and not row.introspection_endpoint:
        return {"introspection_endpoint": _("Introspection needs an endpoint.")}
    if row.introspection and not row.encrypted_client_secret:
        return {"introspection": _("Introspection needs the client secret.")}
    if row.kind == Kind.PUBLIC and row.encrypted_client_secret:
        return {"kind": _("A public application has no secret.")}
    return {}
