"""Tokens of a certified OpenID Provider: real ones, while it rotates keys, dies and freezes."""

from __future__ import annotations

import json
from urllib.request import Request

import pytest

from scim_provisioning import applications, credentials, outbound
from scim_provisioning.auth import connection_test, introspection, jwks
from scim_provisioning.auth.grants import JWT_BEARER
from scim_provisioning.models import OIDCApplication, ScimUser
from tests.oauth_client import OAuthClient
from tests.peers import node
from tests.peers.issuer import CLIENT, ask, certified
from tests.scim_client import PREFIX, USER

pytestmark = [
    pytest.mark.once,
    pytest.mark.django_db,
    pytest.mark.skipif(node.MISSING is not None, reason=str(node.MISSING)),
]


@pytest.fixture(scope="module")
def process():
    with certified() as found:
        yield found


@pytest.fixture
def provider(process, local):
    process.start("first", "ec")
    return process


@pytest.fixture
def application(scim, provider):
    """An application made of nothing but the issuer: the rest is discovered."""
    row, _ = applications.put(
        "Certified",
        {
            "issuer": provider.url,
            "audiences": ["api://portal"],
            "algorithms": ["RS256", "ES256"],
            "token_identifier": CLIENT,
            "mapped_user": scim.connection.acting_user,
            "client_id": CLIENT,
        },
        f"{CLIENT}-secret-0123456789abcdef",
    )
    return row


def change(row, **fields):
    OIDCApplication.objects.filter(pk=row.pk).update(**fields)


def status(scim, token):
    return scim.get("/Users", authorization=f"Bearer {token}").status


SHAPES = {
    "RFC 9068": ("", {"required_scopes": "scim"}),
    "RFC 9068, ES256": ("urn:es256", {"require_at_jwt": True}),
    "Entra": ("urn:entra", {"token_claim": "azp", "required_scopes": "scim"}),
    "Entra by object id": (
        "urn:entra",
        {"token_claim": "oid", "token_identifier": "99999999-8888-4777-8666-555555555555"},
    ),
    "Okta": ("urn:okta", {"token_claim": "cid", "required_scopes": "scim"}),
    "opaque": ("urn:opaque", {"introspection": True}),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("resource", "fields"), SHAPES.values(), ids=SHAPES.keys())
def test_a_user_is_pushed_over_http(live_server, application, provider, resource, fields):
    change(application, **fields)
    headers = {
        "Authorization": f"Bearer {provider.token(resource)}",
        "Content-Type": "application/scim+json",
    }
    users = f"{live_server.url}{PREFIX}/Users"
    body = json.dumps({"schemas": [USER], "userName": "ada@example.com"}).encode()
    created, user = ask(Request(users, body, headers))
    assert (created, ask(Request(f"{users}/{user['id']}", headers=headers))[0]) == (201, 200)
    assert ScimUser.objects.get(pk=user["id"]).sign_in_class == "oauth"


def test_what_was_meant_for_others_opens_nothing(scim, application, provider):
    assert status(scim, provider.token("urn:other")) == 401
    assert status(scim, provider.token(client="other-client")) == 401
    change(application, required_scopes="scim")
    assert status(scim, provider.token(scope="scim.read")) == 401
    change(application, leeway=0)
    assert status(scim, provider.token("urn:opaque")) == 401


def test_keys_rotate(scim, application, provider, monkeypatch):
    old = provider.token()
    assert status(scim, old) == 200
    provider.start("second", "first", "ec")
    new = provider.token()
    # Right after a fetch nobody asks again: an unknown key waits for half a minute.
    assert (status(scim, old), status(scim, new)) == (200, 401)
    monkeypatch.setattr(jwks, "COOL_DOWN", 0)
    assert (status(scim, old), status(scim, new)) == (200, 200)
    provider.start("second", "ec")
    assert (status(scim, old), status(scim, new)) == (200, 200)
    monkeypatch.setattr(jwks, "LIFETIME", 0)
    assert (status(scim, old), status(scim, new)) == (401, 200)


def test_an_issuer_that_died_is_not_missed_at_once(scim, application, provider, monkeypatch):
    token = provider.token()
    assert status(scim, token) == 200
    provider.stop()
    monkeypatch.setattr(jwks, "LIFETIME", 0)
    monkeypatch.setattr(jwks, "COOL_DOWN", 0)
    assert status(scim, token) == 200
    monkeypatch.setattr(jwks, "GRACE", 0)
    assert status(scim, token) == 503
    jwks.forget()
    assert status(scim, token) == 503
    provider.start("first", "ec")
    monkeypatch.undo()
    jwks.forget()


def test_a_frozen_issuer_costs_no_more_than_its_time(scim, application, provider, monkeypatch):
    token, opaque = provider.token(), provider.token("urn:opaque")
    change(application, introspection=True)
    monkeypatch.setattr(outbound, "TIMEOUT", 0.2)
    with provider.frozen():
        assert status(scim, token) == 503
        assert status(scim, opaque) == 503
    jwks.forget()
    introspection.memory.forget()
    monkeypatch.undo()
    provider.token()


def test_opaque_tokens_of_others_are_refused(scim, application, provider):
    change(application, introspection=True)
    assert status(scim, provider.token("urn:opaque", client="other-client")) == 401
    assert status(scim, "never-issued") == 401
    assert status(scim, provider.token("urn:opaque")) == 200


def test_its_token_is_an_assertion_for_ours(scim, provider):
    _, client_id = credentials.trust(
        scim.connection,
        issuer=provider.url,
        jwks_uri=f"{provider.url}/jwks",
        subject=CLIENT,
        audience="api://portal",
    )
    workload, assertion = OAuthClient(scim, client_id, ""), provider.token()
    fields = {"client_id": client_id, "client_assertion_type": JWT_BEARER}
    answer = workload.ask(**fields, client_assertion=assertion)
    assert workload.scim(answer).user()["userName"] == "ada@example.com"
    assert workload.ask(**fields, client_assertion=assertion).status_code == 401


def test_its_connection_is_tested(application, provider):
    steps = connection_test.check(application) + connection_test.fetch(application, "scim", "")
    assert [step for step in steps if not step.passed] == []
    application.client_secret = "wrong"
    [step] = connection_test.fetch(application, "scim", "")
    assert "invalid_client" in step.reason
