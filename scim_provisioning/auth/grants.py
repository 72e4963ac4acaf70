"""What the token endpoint grants: django-oauth-toolkit's rules, with our secrets and scopes.

The only module below HTTP that imports the toolkit: sites without it never load this one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2 import BackendApplicationServer

from scim_provisioning import conf

from . import client_secrets, opaque, portal_tokens, throttle
from .principals import READ, WRITE, parse_scopes

SCOPES = frozenset({READ, WRITE, "scim"})


class ClientValidator(OAuth2Validator):  # type: ignore[misc]
    """Confidential clients that act for connections; nothing else is granted anything."""

    def __init__(self, address: str | None) -> None:
        super().__init__()
        self.address = address

    def client_authentication_required(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Every client has to prove who it is."""
        return True

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Whether the secret is the client's; failures are counted like wrong passwords.

        A right secret is looked at before the counts: who floods the endpoint with wrong
        ones cannot stop a working connection.
        """
        if not request.client_id or not request.client_secret:
            return False
        request.client = client_secrets.find(request.client_id, request.client_secret)
        if request.client is None:
            throttle.check(self.address, request.client_id)
            throttle.fail(self.address, request.client_id)
            return False
        request.credential_key = f"client:{request.client.secret_id}"
        request.granted = request.client.secret_scopes
        return bool(request.client.is_usable(request))

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
        """Store the digest of a token, whatever the site lets the toolkit do with its own."""
        portal_tokens.access_token_model()._default_manager.create(
            application=request.client,
            scope=token["scope"],
            expires=timezone.now() + timedelta(seconds=token["expires_in"]),
            token="",
            token_checksum=opaque.digest(token["access_token"]),
        )


def server(address: str | None) -> Any:
    """Return oauthlib's server for a request from that address: client credentials only."""
    return BackendApplicationServer(
        ClientValidator(address),
        token_generator=lambda request: portal_tokens.generate(request.credential_key),
        token_expires_in=conf.current().oauth_token_seconds,
    )
