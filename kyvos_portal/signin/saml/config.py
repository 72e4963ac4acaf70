"""pysaml2's configuration: this site, and the one identity provider that a message is of.

One at a time: a response is checked with the keys of the provider that was asked, and no
other's keys are at hand.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import SPConfig
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from kyvos_portal.signin.models import SamlProvider
from kyvos_portal.signin.paths import site

from .keys import key_file
from .program import xmlsec1

CLOCK_SKEW = 60


def config(request: HttpRequest, provider: SamlProvider | None = None) -> SPConfig:
    """Return the configuration for messages of one provider, or for our own metadata."""
    return _loaded(site(request), provider.metadata if provider else "", key_file())


@lru_cache(maxsize=32)
def _loaded(place: str, metadata: str, key: str) -> SPConfig:
    """Build a configuration, which reads much and is never changed."""
    made = SPConfig()
    made.load(
        {
            "entityid": place + reverse("saml2_metadata"),
            "xmlsec_binary": xmlsec1(),
            "key_file": key,
            "cert_file": key,
            "metadata_key_usage": "signing",
            "metadata": {"inline": [metadata]} if metadata else {},
            "allow_unknown_attributes": True,
            "accepted_time_diff": CLOCK_SKEW,
            "signing_algorithm": SIG_RSA_SHA256,
            "digest_algorithm": DIGEST_SHA256,
            "service": {"sp": _service(place)},
        }
    )
    # Sign-outs that a provider asks for have to be signed by it.
    made.setattr("idp", "want_authn_requests_signed", True)
    return made


def _service(place: str) -> dict[str, Any]:
    acs, logout = place + reverse("saml2_acs"), place + reverse("saml2_ls")
    return {
        "name": "Portal",
        "allow_unsolicited": False,
        "want_assertions_signed": True,
        "want_response_signed": False,
        "authn_requests_signed": True,
        "logout_requests_signed": True,
        "logout_responses_signed": True,
        "endpoints": {
            "assertion_consumer_service": [(acs, BINDING_HTTP_POST)],
            "single_logout_service": [(logout, BINDING_HTTP_REDIRECT)],
        },
    }
