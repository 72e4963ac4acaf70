"""A workload that gets its tokens by assertions of an issuer on loopback."""

from __future__ import annotations

from uuid import uuid4

import pytest

from scim_provisioning import credentials
from tests.oauth_client import OAuthClient
from tests.tokens import ABSENT, AUDIENCE, KEYS, Issuer

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SUBJECT = "6c1e0b9e-sync-fabric"


class FederatedClient(OAuthClient):
    """Knows a client id, and an issuer that signs what it asserts."""

    issuer: Issuer

    def assertion(self, **changes):
        given = {"sub": SUBJECT, "client_id": ABSENT, "jti": str(uuid4()), **changes}
        return self.issuer.token(**given)

    def ask(self, path="/oauth/token", assertion=None, **fields):
        """Send an assertion, a fresh one unless one is given."""
        given = {
            "client_id": self.client_id,
            "client_assertion_type": TYPE,
            "client_assertion": assertion or self.assertion(),
            "scope": "scim",
        }
        return super().ask(path, **{**given, **fields})


@pytest.fixture
def workload(scim, server, local) -> FederatedClient:
    """A workload that the connection ``idp`` trusts."""
    issuer = Issuer(server)
    _, client_id = credentials.trust(
        scim.connection,
        issuer=issuer.url,
        jwks_uri=issuer.url + KEYS,
        subject=SUBJECT,
        audience=AUDIENCE,
    )
    found = FederatedClient(scim, client_id, "")
    found.issuer = issuer
    return found
