"""What an identity provider has to be told of this site's SAML."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from kyvos_portal.signin.paths import site


def okta(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what an app of Okta's is told, in Okta's words."""
    base = site(request)
    return [
        ("Single sign-on URL", base + reverse("saml2_acs")),
        ("Audience URI (SP Entity ID)", base + reverse("saml2_metadata")),
    ]
