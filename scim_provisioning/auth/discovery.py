"""What an issuer says of itself (OpenID Connect Discovery 1.0, RFC 8414)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from scim_provisioning import outbound
from scim_provisioning.outbound import OutboundError

PATH = "/.well-known/openid-configuration"
ENDPOINTS = (
    "jwks_uri",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "end_session_endpoint",
    "introspection_endpoint",
)
"""Names in the metadata, and of the fields of an application."""
ISS_PROMISED = "authorization_response_iss_parameter_supported"
"""What metadata calls ``requires_iss`` (RFC 9207 section 3)."""


def discover(issuer: str) -> dict[str, Any]:
    """Return the endpoints that an issuer names, all fit to be followed, and ``requires_iss``.

    Raises OutboundError where it cannot be asked, calls itself otherwise, or names what
    this site does not follow.
    """
    found = outbound.get(issuer.rstrip("/") + PATH).json()
    if found.get("issuer") != issuer:
        raise OutboundError(
            _("The document there is of another issuer: %(issuer)s. Enter it exactly so.")
            % {"issuer": str(found.get("issuer"))[:200]}
        )
    endpoints = {name: _endpoint(name, found[name]) for name in ENDPOINTS if found.get(name)}
    return {**endpoints, "requires_iss": found.get(ISS_PROMISED) is True}


def _endpoint(name: str, url: Any) -> str:
    if not isinstance(url, str):
        raise OutboundError(_("The %(name)s there is no text.") % {"name": name})
    try:
        outbound.check_url(url)
    except outbound.ForbiddenUrl as problem:
        raise OutboundError(
            _("The %(name)s there cannot be followed. %(problem)s")
            % {"name": name, "problem": problem}
        ) from None
    return url
