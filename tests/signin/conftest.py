"""The identity providers that people sign in by, started once where a test needs them."""

from __future__ import annotations

import pytest

from kyvos_portal.signin.models import SamlProvider
from kyvos_portal.signin.saml.metadata import read
from scim_provisioning import applications
from scim_provisioning.models import OIDCApplication
from tests.peers import oidc, saml

PORTAL = "http://testserver"


@pytest.fixture(scope="session")
def saml_peer(tmp_path_factory):
    """Debian's SimpleSAMLphp, which trusts the test client's portal."""
    if reason := saml.missing():
        pytest.skip(reason)
    with saml.serving(tmp_path_factory.mktemp("saml")) as peer:
        peer.trust(PORTAL)
        yield peer


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path_factory):
    """The portal's SAML key, made once for the run; issuers may be on loopback."""
    settings.SAML_KEY_FILE = str(tmp_path_factory.getbasetemp() / "saml.pem")
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "ALLOW_LOCAL_ISSUERS": True}


@pytest.fixture
def provider(saml_peer, scim):
    """The peer as a provider that signs in the accounts of one connection."""
    metadata = saml_peer.metadata()
    found = read(metadata)
    row = SamlProvider.objects.create(
        name="Peer",
        slug="peer",
        metadata=metadata,
        entity_id=found.entity_id,
        certificate_expires=found.certificate_expires,
    )
    row.sign_in_connections.add(scim.connection)
    return row


@pytest.fixture(scope="session")
def oidc_peer(tmp_path_factory):
    """A certified OpenID Provider."""
    if reason := oidc.missing():
        pytest.skip(reason)
    with oidc.serving(tmp_path_factory.mktemp("oidc")) as peer:
        yield peer


@pytest.fixture
def application(oidc_peer, scim):
    """The peer as an application that signs in the accounts of one connection."""
    row = OIDCApplication(
        name="Peer",
        slug="peer",
        issuer=oidc_peer.url,
        client_id="portal-web",
        client_secret="portal-web-secret-0123456789abcdef",
        algorithms=["RS256", "ES256"],
        sign_in=True,
    )
    applications.save(row)
    row.sign_in_connections.add(scim.connection)
    return row
