"""Opaque tokens: when an issuer is asked, what it has to say, and what is remembered."""

from __future__ import annotations

import pytest

from scim_provisioning import auth
from scim_provisioning.auth import introspection
from scim_provisioning.models import OIDCApplication
from scim_provisioning.protocol.errors import TooManyRequests, Unauthorized, Unavailable
from tests.local_server import redirect, send
from tests.tokens import ABSENT

pytestmark = [pytest.mark.django_db, pytest.mark.any_user]

PATH = "/introspect"
OPAQUE = "Bearer v-opaque_token~1+/="


@pytest.fixture
def asked(issuer):
    """An issuer whose application has introspection on; ``say`` is what it answers."""
    row = issuer.application
    row.introspection, row.introspection_endpoint = True, issuer.url + PATH
    row.client_id, row.client_secret = "client", "s3cr3t"
    row.save()
    issuer.say = lambda **changes: issuer.server.routes.update(
        {PATH: {"active": True, **issuer.claims(**changes)}}
    )
    issuer.say()
    return issuer


def times_asked(issuer):
    return issuer.server.count(PATH)


def test_an_active_token_acts_as_the_mapped_user(scim, asked):
    assert scim.get("/Users", authorization=OPAQUE).status == 200
    [request] = asked.server.requests
    assert request.form["token"] == OPAQUE.partition(" ")[2]
    assert request.headers["authorization"] == "Basic Y2xpZW50OnMzY3IzdA=="


def test_each_application_of_an_issuer_knows_its_own_clients(asked):
    """One endpoint tells every client of its issuer what any token is."""
    second = OIDCApplication.objects.get()
    second.pk, second.name, second.slug = None, "Second", "second"
    second.token_identifier, second.rights = "another", "scim.read"
    second.save()
    assert auth.authenticate(OPAQUE, None).scopes == {"scim.read", "scim.write"}
    asked.say(client_id="another")
    assert auth.authenticate("Bearer another", None).scopes == {"scim.read"}
    asked.say(client_id="nobody")
    with pytest.raises(Unauthorized):
        auth.authenticate("Bearer third", None)


def test_an_issuer_that_is_down_stops_the_tokens_of_no_other(asked):
    row = OIDCApplication.objects.get()
    row.pk, row.name, row.slug, row.token_identifier = None, "A", "a", "another"
    row.introspection_endpoint = f"{asked.url}/gone"
    row.save()
    assert auth.authenticate(OPAQUE, None)
    asked.say(active=False)
    with pytest.raises(Unavailable):
        auth.authenticate("Bearer other", None)


def test_an_answer_is_remembered_for_a_minute(asked, monkeypatch, django_assert_num_queries):
    principal = auth.authenticate(OPAQUE, None)
    assert (principal.credential, principal.sign_in_class) == ("oidc", "oauth")
    for _ in range(5):
        with django_assert_num_queries(1):
            auth.authenticate(OPAQUE, None)
    assert times_asked(asked) == 1
    auth.authenticate("Bearer another", None)
    assert times_asked(asked) == 2
    monkeypatch.setattr(introspection, "REMEMBERED", 0)
    auth.authenticate("Bearer third", None)
    auth.authenticate("Bearer third", None)
    assert times_asked(asked) == 4


def test_nothing_that_is_remembered_is_a_token(asked):
    auth.authenticate(OPAQUE, None)
    assert OPAQUE.partition(" ")[2] not in str(vars(introspection.memory))


def test_an_issuer_need_not_name_itself(asked):
    asked.say(iss=ABSENT)
    assert auth.authenticate(OPAQUE, None)


REFUSED = {
    "inactive": {"active": False},
    "active as a text": {"active": "true"},
    "active as a number": {"active": 1},
    "active missing": {"active": ABSENT},
    "another issuer": {"iss": "https://evil.example.com"},
    "another audience": {"aud": "api://other"},
    "no audience": {"aud": ABSENT},
    "another client": {"client_id": "other"},
    "no client": {"client_id": ABSENT},
    "expired": {"exp": 1},
    "no exp": {"exp": ABSENT},
    "no iat": {"iat": ABSENT},
    "a user's": {"uid": "00u1"},
    "an ID token's": {"nonce": "n"},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
def test_what_an_issuer_says_is_measured(asked, changes):
    asked.say(**changes)
    if changes.get("active", "") is ABSENT:
        del asked.server.routes[PATH]["active"]
    for _ in range(2):
        with pytest.raises(Unauthorized):
            auth.authenticate(OPAQUE, None)
    assert times_asked(asked) == 1


@pytest.mark.parametrize("fields", [{"enabled": False}, {"introspection": False}], ids=str)
def test_the_switch_counts_at_the_next_request(asked, fields):
    auth.authenticate(OPAQUE, None)
    OIDCApplication.objects.update(**fields)
    with pytest.raises(Unauthorized):
        auth.authenticate(OPAQUE, None)


def test_the_mapped_user_counts_at_the_next_request(scim, asked):
    auth.authenticate(OPAQUE, None)
    user = scim.connection.acting_user
    user.is_active = False
    user.save()
    with pytest.raises(Unauthorized):
        auth.authenticate(OPAQUE, None)


def test_a_required_scope_is_required_here_too(asked):
    OIDCApplication.objects.update(required_scopes="scim.read scim.write")
    asked.say(scope="scim.read")
    assert auth.authenticate(OPAQUE, None).scopes == {"scim.read"}
    asked.say(scope="other")
    with pytest.raises(Unauthorized):
        auth.authenticate("Bearer other", None)


@pytest.mark.parametrize("token", ["", "a b", "é", "a\x00", "x" * 3000, "a=b", "kvp_x", "kva_x"])
def test_what_can_be_no_opaque_token_is_not_asked_about(asked, token):
    with pytest.raises(Unauthorized):
        auth.authenticate(f"Bearer {token}", None)
    assert times_asked(asked) == 0


DOWN = {
    "500": lambda handler, request: send(handler, {"active": True}, 500),
    "401": lambda handler, request: send(handler, {"error": "invalid_client"}, 401),
    "no JSON": b"<html>",
    "a list": [],
    "redirect": redirect("/keys"),
}


@pytest.mark.parametrize("answer", DOWN.values(), ids=DOWN.keys())
def test_an_issuer_that_cannot_be_asked_is_503_and_left_alone(scim, asked, answer):
    asked.server.routes[PATH] = answer
    for _ in range(3):
        refused = scim.get("/Users", authorization=OPAQUE)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    assert times_asked(asked) == 1
    introspection.memory.forget()
    asked.say()
    assert scim.get("/Users", authorization=OPAQUE).status == 200


def test_a_missing_encryption_key_is_503_and_named_in_the_log(scim, asked, settings, caplog):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "ENCRYPTION_KEYS": ()}
    assert scim.get("/Users", authorization=OPAQUE).status == 503
    assert "ENCRYPTION_KEYS" in caplog.text


def test_an_address_that_guesses_is_throttled_and_stops_no_other_token(asked):
    auth.authenticate(OPAQUE, "10.0.0.1")
    asked.server.routes[PATH] = {"active": False}
    for i in range(30):
        with pytest.raises(Unauthorized):
            auth.authenticate(f"Bearer guess{i}", "10.0.0.1")
    with pytest.raises(TooManyRequests):
        auth.authenticate("Bearer guess", "10.0.0.1")
    assert auth.authenticate(OPAQUE, "10.0.0.1")
    with pytest.raises(Unauthorized):
        auth.authenticate("Bearer guess", "10.0.0.2")


def test_only_two_are_asked_at_once(asked, monkeypatch):
    for _ in range(2):
        introspection._ASKING.acquire()
    try:
        with pytest.raises(Unavailable):
            auth.authenticate(OPAQUE, None)
    finally:
        for _ in range(2):
            introspection._ASKING.release()


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(introspection, "MOST_REMEMBERED", 2)
    for key in "abc":
        introspection.memory.put(key, None)
    assert [introspection.memory.get(key) for key in "abc"] == [None, (None,), (None,)]


def test_several_applications_are_asked_in_turn(scim, asked):
    first = asked.application
    second = OIDCApplication.objects.create(
        name="Second", slug="second", issuer=asked.url + "/2", audiences=["api://portal"],
        introspection=True, introspection_endpoint=asked.url + "/2/introspect", client_id="c",
        token_claim="client_id", token_identifier="second", mapped_user=first.mapped_user,
    )  # fmt: skip
    asked.server.routes[PATH] = {"active": False}
    asked.server.routes["/2/introspect"] = {"active": True} | asked.claims(
        iss=ABSENT, client_id="second"
    )
    assert auth.authenticate(OPAQUE, None).credential_key == f"application:{second.pk}"
