"""The ways to authenticate that are on: what ServiceProviderConfig and a challenge tell.

A way that is added here, and nowhere else, is told of everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scim_provisioning import conf
from scim_provisioning.models import OIDCApplication

from . import portal_tokens


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way to authenticate (RFC 7643 section 5)."""

    type: str
    name: str
    description: str
    spec_uri: str


BASIC = Scheme(
    "httpbasic",
    "HTTP Basic",
    "The user name of the connection, and its password or token.",
    "https://www.rfc-editor.org/info/rfc7617",
)
PERSONAL_TOKEN = Scheme(
    "oauthbearertoken",
    "Personal access token",
    "The token of the connection, as a bearer token.",
    "https://www.rfc-editor.org/info/rfc6750",
)
CLIENT_CREDENTIALS = Scheme(
    "oauth2",
    "OAuth 2.0 client credentials",
    "A bearer token from this site's token endpoint.",
    "https://www.rfc-editor.org/info/rfc6749",
)
EXTERNAL_TOKEN = Scheme(
    "oauth2",
    "OAuth 2.0 client credentials of another issuer",
    "A bearer token that a configured issuer made for its client.",
    "https://www.rfc-editor.org/info/rfc9068",
)


def schemes() -> Iterator[Scheme]:
    """Yield the schemes that are on, the preferred one first."""
    if conf.current().basic:
        yield BASIC
    yield PERSONAL_TOKEN
    if portal_tokens.endpoint() is not None:
        yield CLIENT_CREDENTIALS
    if OIDCApplication.objects.filter(enabled=True).exclude(token_identifier="").exists():
        yield EXTERNAL_TOKEN


def challenge(*, error: bool) -> str:
    """Return ``WWW-Authenticate``: every scheme that is on, in one header (RFC 9110, RFC 6750)."""
    basic = 'Basic realm="scim", charset="UTF-8", ' if conf.current().basic else ""
    return f'{basic}Bearer realm="scim"' + (', error="invalid_token"' if error else "")
