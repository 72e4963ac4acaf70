"""Tokens of external issuers: what opens the API, with which rights, and what stops it."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from scim_provisioning import auth
from scim_provisioning.auth import jwks
from scim_provisioning.auth.client_credentials import explain
from scim_provisioning.models import OIDCApplication, ProvisioningEvent, ScimUser
from tests.local_server import send
from tests.scim_client import USER
from tests.tokens import ABSENT, CLIENT, KEYS, Issuer

pytestmark = pytest.mark.django_db

TENANT = "8f7c1d00-0000-4000-8000-000000000001"
GUID = "99999999-8888-4777-8666-555555555555"


def change(issuer, /, **fields):
    OIDCApplication.objects.filter(pk=issuer.application.pk).update(**fields)


def test_a_token_acts_as_the_mapped_user(scim, issuer):
    principal = auth.authenticate(issuer.bearer(), "10.0.0.1")
    assert principal.user_id == scim.connection.acting_user_id
    assert principal.connection_id == scim.connection.pk
    assert (principal.credential, principal.sign_in_class) == ("oidc", "oauth")
    assert principal.credential_key == f"application:{issuer.application.pk}"
    assert principal.scopes == {"scim.read", "scim.write"}


def test_users_that_it_creates_are_of_the_oauth_class(scim, issuer):
    body = {"schemas": [USER], "userName": "ada@example.com"}
    assert scim.post("/Users", body, authorization=issuer.bearer()).status == 201
    assert ScimUser.objects.get(user_name="ada@example.com").sign_in_class == "oauth"
    event = ProvisioningEvent.objects.get()
    assert (event.credential, event.credential_key) == (
        "oidc",
        f"application:{issuer.application.pk}",
    )


SHAPES = {
    "Entra v2": (
        {"token_claim": "azp", "token_identifier": GUID},
        {"azp": GUID, "azpacr": "1", "oid": GUID, "roles": ["Any"], "idtyp": "app", "ver": "2.0"},
    ),
    "Entra v1": (
        {"token_claim": "appid", "token_identifier": GUID},
        {"appid": GUID, "appidacr": "1", "oid": GUID, "ver": "1.0"},
    ),
    "Entra by object id": ({"token_claim": "oid", "token_identifier": GUID}, {"oid": GUID}),
    "Okta": (
        {"token_claim": "cid", "required_scopes": "scim"},
        {"cid": CLIENT, "scp": ["scim"], "ver": 1},
    ),
    "RFC 9068": ({"required_scopes": "scim"}, {"client_id": CLIENT, "scope": "scim"}),
    "by subject": ({"token_claim": "sub"}, {"sub": CLIENT}),
}


@pytest.mark.parametrize(("fields", "claims"), SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_is_understood(scim, issuer, fields, claims):
    change(issuer, **fields)
    token = issuer.token({"typ": "JWT"}, **{"client_id": ABSENT, "sub": ABSENT, **claims})
    assert scim.get("/Users", authorization=f"Bearer {token}").status == 200


def test_the_tenant_is_a_segment_of_the_issuer(scim, issuer):
    change(issuer, issuer=f"{issuer.url}/{TENANT}/v2.0")
    good = issuer.bearer(iss=f"{issuer.url}/{TENANT}/v2.0", tid=TENANT)
    assert scim.get("/Users", authorization=good).status == 200
    for tid in (TENANT[:-1], "v2.0/", f"{TENANT}/v2.0", ""):
        bad = issuer.bearer(iss=f"{issuer.url}/{TENANT}/v2.0", tid=tid)
        assert scim.get("/Users", authorization=bad).status == 401


RIGHTS = {
    "nothing required, both": ("", "scim", {}, 200, 400),
    "nothing required, read": ("", "scim.read", {"scope": "scim.write"}, 200, 403),
    "scim": ("scim", "scim", {"scope": "openid scim"}, 200, 400),
    "scim.read": ("scim.read scim.write", "scim", {"scope": "scim.read"}, 200, 403),
    "scim.write includes reading": ("scim.read scim.write", "scim", {"scp": ["scim.write"]}, 200, 400),
    "the row bounds the token": ("scim", "scim.read", {"scope": "scim"}, 200, 403),
    "a role of one's own": ("Users.Provision", "scim", {"roles": ["Users.Provision"]}, 200, 400),
    "missing": ("scim", "scim", {}, 401, 401),
    "null": ("scim", "scim", {"scope": None}, 401, 401),
    "an object": ("scim", "scim", {"scope": {"scim": 1}}, 401, 401),
    "a list as scope": ("scim", "scim", {"scope": ["scim"]}, 401, 401),
    "nested": ("scim", "scim", {"scp": [["scim"]], "roles": {"scim": 1}}, 401, 401),
    "scimitar": ("scim", "scim", {"scope": "scimitar"}, 401, 401),
    "in other case": ("scim", "scim", {"scope": "SCIM"}, 401, 401),
    "a part of it": ("scim.write", "scim", {"scope": "scim"}, 401, 401),
}  # fmt: skip


@pytest.mark.parametrize(
    ("required", "rights", "claims", "reads", "writes"), RIGHTS.values(), ids=RIGHTS.keys()
)
def test_scopes_and_roles(scim, issuer, required, rights, claims, reads, writes):
    change(issuer, required_scopes=required, rights=rights)
    token = issuer.bearer(**claims)
    assert scim.get("/Users", authorization=token).status == reads
    assert scim.post("/Users", {}, authorization=token).status == writes


def test_at_jwt_can_be_required(scim, issuer):
    change(issuer, require_at_jwt=True)
    assert scim.get("/Users", authorization=issuer.bearer()).status == 200
    for typ in ("JWT", ABSENT, None, ""):
        token = issuer.bearer(header={"typ": typ})
        assert scim.get("/Users", authorization=token).status == 401


def test_leeway_and_age_are_the_applications(scim, issuer):
    now = issuer.claims()["iat"]
    late, long = issuer.bearer(iat=now - 200, exp=now - 100), issuer.bearer(exp=now + 90_000)
    for status in (401, 200):
        for token in (late, long):
            assert scim.get("/Users", authorization=token).status == status
        change(issuer, leeway=150, max_token_age=100_000)


def disable(issuer, scim):
    change(issuer, enabled=False)


def remove(issuer, scim):
    issuer.application.delete()


def deactivate(issuer, scim):
    user = scim.connection.acting_user
    user.is_active = False
    user.save()


def revive(issuer, scim):
    deactivate(issuer, scim)
    user = scim.connection.acting_user
    user.is_active = True
    user.save()


def end_credentials(issuer, scim):
    later = timezone.now() + timedelta(seconds=2)
    ScimUser.objects.filter(user=scim.connection.acting_user).update(credentials_valid_after=later)


def unmap(issuer, scim):
    change(issuer, mapped_user=None)


def rename(issuer, scim):
    change(issuer, token_identifier="another")


@pytest.mark.parametrize(
    "act", [disable, remove, deactivate, revive, end_credentials, unmap, rename], ids=lambda f: f.__name__
)  # fmt: skip
def test_the_next_request_is_refused(scim, issuer, act):
    token = issuer.bearer()
    assert scim.get("/Users", authorization=token).status == 200
    act(issuer, scim)
    assert scim.get("/Users", authorization=token).status == 401
    assert [step for step in explain(token.partition(" ")[2]) if step.passed is False]


def test_a_token_younger_than_the_end_of_credentials_counts(scim, issuer):
    past = timezone.now() - timedelta(minutes=5)
    ScimUser.objects.filter(user=scim.connection.acting_user).update(credentials_valid_after=past)
    now = issuer.claims()["iat"]
    assert scim.get("/Users", authorization=issuer.bearer()).status == 200
    assert scim.get("/Users", authorization=issuer.bearer(iat=now - 301)).status == 401


def test_a_paused_connection_takes_no_writes_and_a_removed_one_nothing(scim, issuer):
    scim.connection.state = "paused"
    scim.connection.save()
    assert scim.post("/Users", {}, authorization=issuer.bearer()).status == 429
    scim.connection.delete()
    assert scim.get("/Users", authorization=issuer.bearer()).status == 403
    assert [s.title for s in explain(issuer.token()) if not s.passed] == ["Connection"]


def test_two_applications_for_one_client_are_refused_until_one_is_off(scim, issuer):
    fields = {"issuer": issuer.url, "jwks_uri": issuer.url + KEYS, "audiences": ["api://portal"]}
    second = OIDCApplication.objects.create(
        name="Second", slug="second", token_claim="sub", token_identifier=CLIENT,
        mapped_user=scim.connection.acting_user, **fields,
    )  # fmt: skip
    assert scim.get("/Users", authorization=issuer.bearer()).status == 401
    [failed] = [step for step in explain(issuer.token()) if step.passed is False]
    assert "Issuer, Second" in failed.reason
    OIDCApplication.objects.filter(pk=second.pk).update(enabled=False)
    assert scim.get("/Users", authorization=issuer.bearer()).status == 200


def test_an_application_for_sign_in_alone_opens_nothing(scim, issuer):
    change(issuer, token_identifier="", sign_in=True)
    for client in ("", None, ABSENT):
        assert scim.get("/Users", authorization=issuer.bearer(client_id=client)).status == 401


def test_another_issuer_under_the_same_client_has_its_own_keys(scim, issuer):
    other = Issuer(issuer.server)
    assert scim.get("/Users", authorization=other.bearer(iss=issuer.url + "/other")).status == 401


def test_one_statement_tells_application_user_and_connection(issuer, django_assert_num_queries):
    token = issuer.bearer()
    for _ in range(2):
        with django_assert_num_queries(1):
            auth.authenticate(token, None)


def test_nobody_is_asked_about_a_token_of_nobody(issuer, django_assert_num_queries):
    for claims in ({"iss": "\ud800"}, {"iss": "a\x00"}, {"iss": 5}, {"iss": "x" * 600}):
        with django_assert_num_queries(0), pytest.raises(auth.authenticator.Unauthorized):
            auth.authenticate(issuer.bearer(**claims), None)
    assert issuer.fetches == 0


def test_missing_keys_are_503_and_never_401(scim, issuer):
    issuer.server.routes[KEYS] = lambda handler, request: send(handler, b"", 500)
    for _ in range(3):
        answer = scim.get("/Users", authorization=issuer.bearer())
        assert answer.status == 503
        assert 1 <= int(answer.headers["Retry-After"]) <= 30
    assert issuer.fetches == 1
    [step] = [s for s in explain(issuer.token()) if s.passed is False]
    assert "keys are not available" in step.reason


def test_a_slow_issuer_is_503(scim, issuer, monkeypatch):
    monkeypatch.setattr("scim_provisioning.outbound.TIMEOUT", 0.05)
    monkeypatch.setattr(jwks, "MOST_WAITING", 0.1)
    issuer.server.routes[KEYS] = lambda handler, request: handler.rfile.read(1)
    assert scim.get("/Users", authorization=issuer.bearer()).status == 503


def test_use_is_noted(scim, issuer):
    scim.get("/Users", authorization=issuer.bearer())
    issuer.application.refresh_from_db()
    assert issuer.application.last_address == "127.0.0.1"
    assert issuer.application.last_used > timezone.now() - timedelta(minutes=1)


def test_a_refusal_is_logged_without_the_token(scim, issuer, caplog):
    caplog.set_level(logging.INFO)
    token = issuer.token(aud="api://other")
    scim.get("/Users", authorization=f"Bearer {token}")
    assert "A token of Issuer was refused: audience" in caplog.text
    assert not any(part in caplog.text for part in (*token.split("."), "api://other"))


def test_explaining_asks_everything_that_can_be_asked(issuer):
    steps = explain(issuer.token(aud="api://other", exp=1, tid=["x"], scope=5))
    failed = {str(step.title) for step in steps if step.passed is False}
    assert failed == {"Audience", "Times", "Tenant"}
    assert all(step.reason for step in steps if step.passed is False)


def test_explaining_stops_where_nothing_more_can_be_known(issuer):
    steps = explain("junk")
    assert [step.passed for step in steps] == [False] + [None] * (len(steps) - 1)


def test_a_user_model_without_the_connection_is_named(scim, issuer):
    model = get_user_model()
    lonely = model._default_manager.create(**{model.USERNAME_FIELD: "lonely@example.com"})
    change(issuer, mapped_user=lonely)
    assert scim.get("/Users", authorization=issuer.bearer()).status == 403
    assert "lonely@example.com" in explain(issuer.token())[-1].reason


@pytest.mark.parametrize(
    ("fields", "told"),
    [({}, True), ({"enabled": False}, False), ({"token_identifier": ""}, False)],
    ids=str,
)
def test_the_scheme_is_told_where_it_is_on(scim, issuer, fields, told):
    change(issuer, **fields)
    ways = scim.get("/ServiceProviderConfig").body["authenticationSchemes"]
    assert any("another issuer" in way["name"] for way in ways) is told
