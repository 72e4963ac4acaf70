"""What the token endpoint grants: django-oauth-toolkit's rules, with our secrets and scopes.

The only module below HTTP that imports the toolkit: sites without it never load this one.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2 import BackendApplicationServer, InvalidRequestError

from scim_provisioning import conf

from . import assertions, client_secrets, compact, opaque, portal_tokens, throttle
from .principals import READ, WRITE, parse_scopes

logger = logging.getLogger(__name__)

SCOPES = frozenset({READ, WRITE, "scim"})
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientValidator(OAuth2Validator):  # type: ignore[misc]
    """Confidential clients that act for connections; nothing else is granted anything."""

    def __init__(self, address: str | None) -> None:
        super().__init__()
        self.address = address

    def client_authentication_required(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Every client has to prove who it is."""
        return True

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Whether a client proved who it is; failures are counted like wrong passwords.

        A right secret is looked at before the counts: who floods the endpoint with wrong
        ones cannot stop a working connection.
        """
        assertion = getattr(request, "client_assertion", None)
        if not request.client_id or not (request.client_secret or assertion):
            return False
        if _by_assertion(request, assertion) if assertion else _by_secret(request):
            return bool(request.client.is_usable(request))
        throttle.check(self.address, request.client_id)
        throttle.fail(self.address, request.client_id)
        return False

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Return what the credential may do, where the client asks for nothing in particular."""
        return request.granted.split()

    def validate_scopes(
        self, client_id: str, scopes: Any, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Whether the scopes exist, and give no more than the credential may do."""
        asked = parse_scopes(" ".join(scopes))
        return set(scopes) <= SCOPES and frozenset() < asked <= parse_scopes(request.granted)

    def save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        """Store the digest of a token, whatever the site lets the toolkit do with its own.

        The client's expired tokens go on this occasion: they need no command to remove them.
        """
        now, rows = timezone.now(), portal_tokens.access_token_model()._default_manager
        rows.filter(application=request.client, expires__lt=now).delete()
        rows.create(
            application=request.client,
            scope=token["scope"],
            expires=now + timedelta(seconds=token["expires_in"]),
            token="",
            token_checksum=opaque.digest(token["access_token"]),
        )


def _by_secret(request: Any) -> bool:
    request.client = client_secrets.find(request.client_id, request.client_secret)
    if request.client is None:
        return False
    request.credential_key = f"client:{request.client.secret_id}"
    request.granted = request.client.secret_scopes
    return True


def _by_assertion(request: Any, assertion: str) -> bool:
    """Whether a workload that the client's connection trusts asserts so (RFC 7523 section 2.2)."""
    if getattr(request, "client_assertion_type", None) != JWT_BEARER:
        raise InvalidRequestError(f"The client_assertion_type has to be {JWT_BEARER}.")
    rows = client_secrets.clients(request.client_id)
    request.client = rows.annotate(connection_id=F("user__scim_connection")).first()
    try:
        # An unknown client is looked for as well: no connection has this number.
        trust = assertions.check(assertion, getattr(request.client, "connection_id", None) or 0)
    except compact.Refused as refused:
        logger.info("A client assertion was refused: %s", refused.reason)
        return False
    request.credential_key = f"workload:{trust.pk}"
    request.granted = "scim"
    return True


def server(address: str | None) -> Any:
    """Return oauthlib's server for a request from that address: client credentials only."""
    return BackendApplicationServer(
        ClientValidator(address),
        token_generator=lambda request: portal_tokens.generate(request.credential_key),
        token_expires_in=conf.current().oauth_token_seconds,
    )
