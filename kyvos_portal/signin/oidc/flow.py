"""One sign-in on its way: the application that it is of, and what was learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from mozilla_django_oidc.utils import import_from_settings

from kyvos_portal.signin.events import Refused
from scim_provisioning.models import OIDCApplication

COLUMNS = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
    "OIDC_RP_CLIENT_ID": "client_id",
    "OIDC_RP_CLIENT_SECRET": "client_secret",
    "OIDC_RP_SCOPES": "sign_in_scopes",
}
"""Settings of mozilla-django-oidc that are a column of the application here."""


@dataclass(slots=True)
class Flow:
    """What travels with the request from the view to the backend and back."""

    application: OIDCApplication
    next: str = "/"
    id_token: str = ""
    subject: str = ""
    refusal: Refused | None = None

    def setting(self, name: str, *default: Any) -> Any:
        """Return a setting: the application's, else the site's."""
        if name in COLUMNS:
            return getattr(self.application, COLUMNS[name])
        return import_from_settings(name, *default)


def flow_of(request: HttpRequest | None) -> Flow | None:
    """Return the sign-in that a request is part of, None for any other."""
    return getattr(request, "oidc_flow", None)
