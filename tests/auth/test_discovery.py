"""What an issuer tells of itself, and what of it is refused."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from scim_provisioning import applications
from scim_provisioning.auth.discovery import ENDPOINTS, PATH, discover
from scim_provisioning.models import OIDCApplication
from scim_provisioning.outbound import ForbiddenUrl, OutboundError
from tests.local_server import redirect

pytestmark = pytest.mark.once


@pytest.fixture
def document(server, local):
    """The discovery document that the server shows."""
    found = {"issuer": server.url, **{name: f"{server.url}/{name}" for name in ENDPOINTS}}
    server.routes[PATH] = found
    return found


def test_the_endpoints_are_found(server, document):
    del document["introspection_endpoint"]
    found = discover(server.url)
    endpoints = {name: f"{server.url}/{name}" for name in ENDPOINTS[:-1]}
    assert found == {**endpoints, "requires_iss": False}


@pytest.mark.parametrize(("promised", "required"), [(True, True), ("true", False), (None, False)])
def test_whether_answers_name_the_issuer_is_found(server, document, promised, required):
    document["authorization_response_iss_parameter_supported"] = promised
    assert discover(server.url)["requires_iss"] is required


def test_a_slash_at_the_end_of_an_issuer_is_kept(server, document):
    document["issuer"] += "/"
    assert discover(server.url + "/")
    with pytest.raises(OutboundError, match="another issuer"):
        discover(server.url)


@pytest.mark.parametrize("issuer", [None, 5, [], "https://evil.example.com"], ids=str)
def test_another_issuers_document_is_refused(server, document, issuer):
    document["issuer"] = issuer
    with pytest.raises(OutboundError, match="another issuer"):
        discover(server.url)


@pytest.mark.parametrize("url", [5, ["https://x"], "file:///etc/passwd", "not a url"], ids=str)
def test_endpoints_that_are_not_followed_are_refused(server, document, url):
    document["jwks_uri"] = url
    with pytest.raises(OutboundError, match="jwks_uri"):
        discover(server.url)


def test_endpoints_inside_the_network_are_refused(server, document, monkeypatch):
    def check(url):
        if url.endswith("token_endpoint"):
            raise ForbiddenUrl("inside")

    monkeypatch.setattr("scim_provisioning.outbound.check_url", check)
    monkeypatch.setattr("scim_provisioning.outbound.get", lambda url: Found(document))
    with pytest.raises(OutboundError, match=r"token_endpoint .* inside"):
        discover(server.url)


class Found:
    def __init__(self, document):
        self.json = lambda: document


def test_a_redirected_document_is_refused(server, document):
    server.routes["/moved"] = document
    server.routes[PATH] = redirect(server.url + "/moved")
    with pytest.raises(OutboundError, match="redirects"):
        discover(server.url)


@pytest.mark.django_db
def test_saving_fills_in_what_the_issuer_tells(server, document):
    row = OIDCApplication(name="Okta", issuer=server.url, token_endpoint="http://127.0.0.1/own")
    applications.save(row)
    row.refresh_from_db()
    assert row.jwks_uri == document["jwks_uri"]
    assert row.token_endpoint == "http://127.0.0.1/own"


@pytest.mark.django_db
def test_nobody_is_asked_where_the_keys_are_given_or_it_is_off(server, local):
    applications.save(OIDCApplication(name="A", issuer=server.url, jwks_uri=server.url + "/keys"))
    applications.save(OIDCApplication(name="B", issuer=server.url, enabled=False))
    assert server.requests == []


@pytest.mark.django_db
def test_an_issuer_that_tells_nothing_is_an_error_of_its_field(server, local):
    with pytest.raises(ValidationError) as caught:
        applications.save(OIDCApplication(name="A", issuer=server.url))
    assert "404" in caught.value.message_dict["issuer"][0]
