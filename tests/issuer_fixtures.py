"""Fixtures of issuers: a server on loopback, and the setting that lets it be asked."""

from __future__ import annotations

import pytest

from scim_provisioning.models import OIDCApplication
from tests.local_server import LocalServer
from tests.tokens import AUDIENCE, CLIENT, KEYS, Issuer


@pytest.fixture
def local(settings):
    """Issuers may be on loopback."""
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "ALLOW_LOCAL_ISSUERS": True}


@pytest.fixture
def server():
    """A real HTTP server whose answers the test decides."""
    found = LocalServer()
    stop = found.start()
    yield found
    stop()


@pytest.fixture
def issuer(scim, server, local):
    """An issuer whose client acts for the connection ``idp``."""
    found = Issuer(server)
    found.application = OIDCApplication.objects.create(
        name="Issuer",
        slug="issuer",
        issuer=found.url,
        jwks_uri=found.url + KEYS,
        audiences=[AUDIENCE],
        token_claim="client_id",
        token_identifier=CLIENT,
        mapped_user=scim.connection.acting_user,
        algorithms=["RS256", "ES256"],
    )
    return found
