"""The token endpoint over HTTP: what it grants, and every way to be refused."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from scim_provisioning import conf, credentials
from scim_provisioning.auth import portal_tokens
from scim_provisioning.credentials import Kind
from scim_provisioning.models import ClientSecret
from tests.oauth_client import FORM, OAuthClient, make_oauth
from tests.scim_client import basic

pytestmark = pytest.mark.django_db


@pytest.fixture
def oauth(scim) -> OAuthClient:
    return make_oauth(scim)


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/token/"])
def test_credentials_in_the_body_get_a_token(oauth, path):
    answer = oauth.ask(path=path, **oauth.body)
    assert answer.status_code == 200
    assert answer.json() == {
        "access_token": answer.json()["access_token"],
        "expires_in": 3600,
        "token_type": "Bearer",
        "scope": "scim",
    }
    assert answer["Content-Type"] == "application/json"
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")


def test_credentials_in_the_header_get_a_token(oauth):
    answer = oauth.ask(authorization=oauth.basic)
    assert answer.status_code == 200
    assert oauth.scim(answer).get("/Users").status == 200


def test_encoded_credentials_in_the_header_are_decoded(oauth):
    secret = "".join(f"%{ord(letter):02x}" for letter in oauth.secret)
    assert oauth.ask(authorization=basic(oauth.client_id, secret)).status_code == 200


def test_the_body_may_repeat_the_client_id_of_the_header(oauth):
    answer = oauth.ask(authorization=oauth.basic, client_id=oauth.client_id)
    assert answer.status_code == 200


@pytest.mark.parametrize("scope", ["scim", "scim.read", "scim.read scim.write"])
def test_a_scope_that_is_asked_for_is_granted(oauth, scope):
    assert oauth.ask(**oauth.body, scope=scope).json()["scope"] == scope


def test_okta_may_put_the_scope_into_the_url(oauth):
    answer = oauth.ask(path="/oauth/token?scope=scim.read", **oauth.body)
    assert answer.json()["scope"] == "scim.read"
    twice = oauth.ask(path="/oauth/token?scope=scim.read", **oauth.body, scope="scim.read")
    assert twice.json()["scope"] == "scim.read"


def test_unknown_and_empty_parameters_count_for_nothing(oauth):
    answer = oauth.ask(**oauth.body, resource="https://else.example.com", scope="", x="")
    assert answer.status_code == 200


def test_the_lifetime_is_a_setting(oauth, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "OAUTH_TOKEN_SECONDS": 21600}
    assert oauth.ask(**oauth.body).json()["expires_in"] == 21600
    token = portal_tokens.access_token_model().objects.get()
    assert token.expires > timezone.now() + timedelta(seconds=21000)


def test_a_secret_for_reading_gives_no_more(scim):
    oauth = make_oauth(scim, scopes="scim.read")
    assert oauth.ask(**oauth.body).json()["scope"] == "scim.read"
    for scope in ("scim", "scim.write"):
        assert_refused(oauth.ask(**oauth.body, scope=scope), 400, "invalid_scope")
    client = oauth.scim(oauth.ask(**oauth.body))
    assert client.get("/Users").status == 200
    assert client.post("/Users", {}).status == 403


def assert_refused(answer, status, error):
    assert (answer.status_code, answer.json().get("error")) == (status, error), answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert answer.json().get("error_description", "x").isascii()
    assert '"' not in answer.json().get("error_description", "x")


INVALID_CLIENT = {
    "wrong secret": lambda o: {"client_id": o.client_id, "client_secret": o.secret[:-1] + "_"},
    "another secret": lambda o: {"client_id": o.client_id, "client_secret": "kvs_x"},
    "a token for a secret": lambda o: {
        "client_id": o.client_id,
        "client_secret": o.connection.token,
    },
    "unknown client": lambda o: {"client_id": "nobody", "client_secret": o.secret},
    "client id in other case": lambda o: {
        "client_id": o.client_id.swapcase(),
        "client_secret": o.secret,
    },
    "no secret": lambda o: {"client_id": o.client_id},
    "no client id": lambda o: {"client_secret": o.secret},
    "nobody": lambda o: {},
    "wrong secret in the header": lambda o: {"authorization": basic(o.client_id, "wrong")},
    "no colon": lambda o: {"authorization": basic(o.client_id)},
    "empty secret": lambda o: {"authorization": basic(o.client_id, "")},
    "empty client id": lambda o: {"authorization": basic("", o.secret)},
    "bad base64": lambda o: {"authorization": "Basic !!!"},
    "Latin-1": lambda o: {"authorization": "Basic " + base64.b64encode(b"\xe9:x").decode()},
    "NUL": lambda o: {"authorization": basic(o.client_id + "%00", o.secret)},
    "encoded half a pair": lambda o: {"authorization": basic("%ED%A0%80", o.secret)},
    "2 KB": lambda o: {"authorization": basic(o.client_id, "x" * 2000)},
    "Bearer": lambda o: {"authorization": "Bearer " + o.secret},
    "a personal access token": lambda o: {"authorization": o.connection.basic},
}


@pytest.mark.parametrize("given", INVALID_CLIENT.values(), ids=INVALID_CLIENT.keys())
def test_a_client_that_proves_nothing_is_refused_the_same_way(oauth, given):
    answer = oauth.ask(**given(oauth))
    assert_refused(answer, 401, "invalid_client")
    assert answer["WWW-Authenticate"].startswith("Basic realm=")
    wrong = oauth.ask(client_id=oauth.client_id, client_secret="wrong")
    for response in (answer, wrong):
        del response["X-Request-Id"]
    assert (answer.content, dict(answer.headers)) == (wrong.content, dict(wrong.headers))


INVALID_REQUEST = {
    "two sets": lambda o: {**o.body, "authorization": o.basic},
    "header and assertion": lambda o: {"authorization": o.basic, "client_assertion": "x"},
    "secret and assertion": lambda o: {**o.body, "client_assertion": "x"},
    "two client ids": lambda o: {"authorization": o.basic, "client_id": "other"},
    "no grant type": lambda o: {**o.body, "grant_type": None},
    "secret in the URL": lambda o: {
        "path": f"/oauth/token?client_secret={o.secret}",
        "client_id": o.client_id,
    },
    "grant type in the URL": lambda o: {
        **o.body,
        "path": "/oauth/token?grant_type=client_credentials",
        "grant_type": None,
    },
    "anything in the URL": lambda o: {**o.body, "path": "/oauth/token?x=1"},
    "another scope in the URL": lambda o: {
        **o.body,
        "path": "/oauth/token?scope=scim",
        "scope": "scim.read",
    },
    "bad UTF-8 in the URL": lambda o: {**o.body, "path": "/oauth/token?scope=%ff"},
    "NUL": lambda o: {**o.body, "client_id": o.client_id + "\x00"},
    "newline": lambda o: {**o.body, "scope": "scim\nscim.read"},
}


@pytest.mark.parametrize("given", INVALID_REQUEST.values(), ids=INVALID_REQUEST.keys())
def test_a_request_that_is_not_in_order_is_refused(oauth, given):
    assert_refused(oauth.ask(**given(oauth)), 400, "invalid_request")


RAW = {
    "a field twice": b"grant_type=client_credentials&scope=scim&scope=scim.read",
    "grant type twice": b"grant_type=client_credentials&grant_type=password",
    "bad UTF-8": b"grant_type=\xff\xfe",
    "bad UTF-8, encoded": b"grant_type=%ff",
    "half a surrogate pair": b"grant_type=%ED%A0%80",
    "empty": b"",
    "JSON said to be a form": b'{"grant_type": "client_credentials"}',
    "too many fields": b"&".join(b"a%d=1" % i for i in range(60)),
}


@pytest.mark.parametrize("body", RAW.values(), ids=RAW.keys())
def test_a_body_that_is_no_form_is_refused(oauth, body):
    answer = oauth.raw(body, authorization=oauth.basic)
    assert_refused(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
        f"{FORM}; charset=latin-1",
    ],
)
def test_only_forms_in_utf_8_are_read_and_that_is_said(oauth, media):
    answer = oauth.raw(json.dumps(oauth.body).encode(), content_type=media)
    assert_refused(answer, 400, "invalid_request")
    assert (
        "utf-8" in answer.json()["error_description"].lower()
        or FORM in answer.json()["error_description"]
    )


@pytest.mark.parametrize(
    "media",
    [
        FORM,
        FORM.upper(),
        f'{FORM}; charset="UTF-8"',
        f"{FORM};charset=utf8",
        f"{FORM}; charset=utf-8; x=y",
    ],
)
def test_a_form_may_say_that_it_is_utf_8(oauth, media):
    body = urlencode({"grant_type": "client_credentials"}).encode()
    assert oauth.raw(body, content_type=media, authorization=oauth.basic).status_code == 200


@pytest.mark.parametrize("declared", [None, "999999999", "-1", "x"])
def test_an_oversized_body_is_not_read(oauth, declared):
    body = b"a=" + b"x" * 20_000
    extra = {} if declared is None else {"CONTENT_LENGTH": declared}
    answer = oauth.raw(body, authorization=oauth.basic, **extra)
    assert_refused(answer, 400 if declared in ("-1", "x") else 413, "invalid_request")


@pytest.mark.parametrize(
    "grant",
    [
        "password",
        "authorization_code",
        "refresh_token",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
)
def test_no_other_grant_is_there(oauth, grant):
    answer = oauth.ask(**oauth.body, grant_type=grant, username="a", password="b")
    assert_refused(answer, 400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "scope", ["scimitar", "SCIM", "scim admin", "scim.read scimitar", "é", " "]
)
def test_an_unknown_scope_is_refused(oauth, scope):
    assert_refused(oauth.ask(**oauth.body, scope=scope), 400, "invalid_scope")


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head", "options"])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_only_post_is_allowed(oauth, method, path):
    answer = getattr(Client(), method)(path)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    if method != "head":
        assert answer.json()["error"] == "invalid_request"


ENDED = {
    "expired": {"expires": timezone.now() - timedelta(seconds=1)},
    "revoked": {"revoked": timezone.now()},
}


@pytest.mark.parametrize("ended", ENDED.values(), ids=ENDED.keys())
def test_an_ended_secret_gets_no_token_and_its_tokens_end(oauth, ended):
    client = oauth.scim(oauth.ask(**oauth.body))
    assert client.get("/Users").status == 200
    ClientSecret.objects.update(**ended)
    assert_refused(oauth.ask(**oauth.body), 401, "invalid_client")
    assert client.get("/Users").status == 401


def test_wrong_secrets_are_throttled_and_the_right_one_is_not(oauth):
    for _ in range(5):
        assert oauth.ask(client_id=oauth.client_id, client_secret="wrong").status_code == 401
    answer = oauth.ask(client_id=oauth.client_id, client_secret="wrong")
    assert_refused(answer, 429, "temporarily_unavailable")
    assert 1 <= int(answer["Retry-After"]) <= conf.current().throttle_user[1]
    assert oauth.ask(**oauth.body).status_code == 200


def test_an_address_is_throttled_over_all_clients(oauth):
    answers = [oauth.ask(client_id=f"c{i}", client_secret="wrong").status_code for i in range(31)]
    assert (answers[29], answers[30]) == (401, 429)


def test_unknown_client_and_wrong_secret_cost_the_same(oauth, django_assert_num_queries):
    for client_id in (oauth.client_id, "nobody"):
        with django_assert_num_queries(1):
            oauth.ask(client_id=client_id, client_secret="kvs_wrong")


def test_revoking_ends_a_token_at_once(oauth):
    answer = oauth.ask(**oauth.body)
    client = oauth.scim(answer)
    assert client.get("/Users").status == 200
    token = answer.json()["access_token"]
    revoked = oauth.ask(path="/oauth/revoke", **oauth.body, grant_type=None, token=token)
    assert (revoked.status_code, revoked.json()) == (200, {})
    assert client.get("/Users").status == 401


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_revoking_an_unknown_token_is_no_error(oauth, hint):
    answer = oauth.ask(path="/oauth/revoke/", **oauth.body, token="x", token_type_hint=hint)
    assert answer.status_code == (400 if hint == "refresh_token" else 200)


def test_a_client_revokes_no_token_of_another(oauth, other):
    answer = oauth.ask(**oauth.body)
    theirs = make_oauth(other)
    token = answer.json()["access_token"]
    assert theirs.ask(path="/oauth/revoke", **theirs.body, token=token).status_code == 200
    assert oauth.scim(answer).get("/Users").status == 200


def test_revoking_needs_the_client_and_a_token(oauth):
    assert_refused(oauth.ask(path="/oauth/revoke", token="x"), 401, "invalid_client")
    assert_refused(oauth.ask(path="/oauth/revoke", **oauth.body), 400, "invalid_request")


def test_expired_tokens_go_when_the_next_is_issued(oauth):
    tokens = portal_tokens.access_token_model().objects
    oauth.ask(**oauth.body)
    tokens.update(expires=timezone.now() - timedelta(seconds=1))
    oauth.ask(**oauth.body)
    oauth.ask(**oauth.body)
    assert tokens.count() == 2


def test_two_secrets_work_side_by_side(oauth, scim):
    second = credentials.rotate(scim.connection, Kind.CLIENT, overlap_days=7)
    assert second.client_id == oauth.client_id
    for secret in (oauth.secret, second.secret):
        assert oauth.ask(client_id=oauth.client_id, client_secret=secret).status_code == 200
