"""A real provider's ID tokens, tampered with or signed anew: all refused, none a crash.

The token endpoint is one in the middle: what it answers is the test's.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.test import Client

from kyvos_portal.signin.models import Identity, SignInEvent
from kyvos_portal.signin.rule import Reason
from scim_provisioning.models import OIDCApplication
from tests.local_server import LocalServer, redirect, send
from tests.peers import minting
from tests.peers.minting import encoded, jws
from tests.signin.fixtures import few, is_signed_in, provisioned
from tests.signin.test_oidc import ask, come_back

pytestmark = [pytest.mark.django_db, pytest.mark.once]
CALLBACK = "/oidc/callback/"
SECRET = "portal-web-secret-0123456789abcdef"


@pytest.fixture(scope="session")
def genuine(oidc_peer):
    """The claims and the header of a token that the provider really issued."""
    challenge, verifier = (
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    )
    form = {"redirect_uri": f"http://testserver{CALLBACK}", "client_id": "portal-web"}
    query = {**form, "response_type": "code", "scope": "openid profile email", "nonce": "n"}
    query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    back = oidc_peer.authorize(f"{oidc_peer.url}/auth?{urlencode(query)}", "ada")
    form |= {"grant_type": "authorization_code", "code_verifier": verifier}
    form["code"] = parse_qs(urlsplit(back).query)["code"][0]
    answer = requests.post(f"{oidc_peer.url}/token", form, auth=("portal-web", SECRET))
    return answer.json()


@dataclass
class Wire:
    """What the token endpoint in the middle answers, and what it is made of."""

    client: Client
    server: LocalServer
    peer: Any
    claims: dict[str, Any]
    header: dict[str, Any]
    state: str

    @property
    def key(self):
        return minting.private(self.peer.keys["RS256"])

    def token(self, claims=(), header=(), key=None, algorithm="RS256"):
        """Return a token that is right but for what is named; None takes a member away."""
        parts = []
        for base, changes in ((self.header, header), (self.claims, claims)):
            merged = {**base, **dict(changes)}
            parts.append({name: value for name, value in merged.items() if value is not LEFT_OUT})
        return jws(*parts, key or self.key, algorithm)

    def answer(self, token, **changes):
        """Have the token endpoint answer this ID token; return what the portal shows."""
        tokens = {"access_token": "at", "token_type": "Bearer", "id_token": token, **changes}
        self.server.routes["/token"] = tokens
        return self.back()

    def back(self, **query):
        given = {"code": "c", "state": self.state, "iss": self.peer.url, **query}
        return self.client.get(CALLBACK, {k: v for k, v in given.items() if v is not None})


LEFT_OUT = object()


@pytest.fixture
def wire(scim, application, oidc_peer, genuine, client):
    provisioned(scim, "ada")
    server = LocalServer()
    stop = server.start()
    OIDCApplication.objects.update(
        token_endpoint=f"{server.url}/token", userinfo_endpoint=f"{server.url}/me"
    )
    header, claims, _ = genuine["id_token"].split(".")
    query = parse_qs(urlsplit(ask(client)).query)
    now = int(time.time())
    known = json.loads(_decoded(claims)) | {
        "nonce": query["nonce"][0],
        "iat": now,
        "exp": now + 600,
    }
    known.pop("at_hash", None)
    server.routes["/me"] = {"sub": "ada", "preferred_username": "ada"}
    yield Wire(client, server, oidc_peer, known, json.loads(_decoded(header)), query["state"][0])
    stop()


def _decoded(part):
    return base64.urlsafe_b64decode(part + "==")


def assert_refused(wire, answer, caplog, reason=Reason.INVALID):
    assert answer.status_code == 403
    assert "You were not signed in" in answer.content.decode()
    assert not is_signed_in(wire.client)
    assert not Identity.objects.exists()
    assert SignInEvent.objects.get().reason == reason
    assert "Traceback" not in caplog.text
    for secret in ("ada@example.com", SECRET, wire.claims["nonce"]):
        assert secret not in caplog.text


def test_the_token_that_is_only_signed_anew_is_taken(wire):
    assert wire.answer(wire.token()).status_code == 302
    assert is_signed_in(wire.client)


EXTRA = {
    "azp of ours": {"azp": "portal-web"},
    "several audiences and azp": {"aud": ["portal-web", "other"], "azp": "portal-web"},
    "audience in a list": {"aud": ["portal-web"]},
    "hash of the access token": {"at_hash": "ZUhgXPJdr6hZYi7u20l4vA"},
}


@pytest.mark.parametrize("claims", EXTRA.values(), ids=EXTRA)
def test_what_the_standard_allows_is_taken(wire, claims):
    if "at_hash" in claims:
        claims = {"at_hash": encoded(hashlib.sha256(b"at").digest()[:16])}
    assert wire.answer(wire.token(claims)).status_code == 302


NOW = int(time.time())
CLAIMS = {
    "nonce missing": {"nonce": LEFT_OUT},
    "nonce other": {"nonce": "other"},
    "nonce number": {"nonce": 5},
    "nonce empty": {"nonce": ""},
    "nonce surrogate": {"nonce": "\ud800"},
    "aud missing": {"aud": LEFT_OUT},
    "aud other": {"aud": "other"},
    "aud prefix": {"aud": "portal-web-2"},
    "aud case": {"aud": "Portal-Web"},
    "aud empty": {"aud": []},
    "aud object": {"aud": {"portal-web": 1}},
    "aud numbers": {"aud": [1, 2]},
    "several audiences without azp": {"aud": ["portal-web", "other"]},
    "several audiences, another azp": {"aud": ["portal-web", "other"], "azp": "other"},
    "azp other": {"azp": "other"},
    "azp list": {"azp": ["portal-web"]},
    "azp null": {"azp": None},
    "iss missing": {"iss": LEFT_OUT},
    "iss other": {"iss": "https://other.example.com"},
    "iss list": {"iss": ["https://other.example.com"]},
    "tid foreign": {"tid": "another-tenant"},
    "tid list": {"tid": ["x"]},
    "at_hash other": {"at_hash": "other"},
    "at_hash number": {"at_hash": 1},
    "sub missing": {"sub": LEFT_OUT},
    "sub empty": {"sub": ""},
    "sub number": {"sub": 1},
    "sub list": {"sub": ["ada"]},
    "sub long": {"sub": "a" * 256},
    "exp past": {"exp": NOW - 3600, "iat": NOW - 7200},
    "exp missing": {"exp": LEFT_OUT},
    "exp text": {"exp": str(NOW + 600)},
    "exp NaN": {"exp": float("nan")},
    "exp Infinity": {"exp": float("inf")},
    "exp bool": {"exp": True},
    "exp list": {"exp": [NOW + 600]},
    "exp huge": {"exp": int("9" * 4000)},
    "exp year 9999": {"exp": 253402300799},
    "iat missing": {"iat": LEFT_OUT},
    "iat null": {"iat": None},
    "iat text": {"iat": "1"},
    "iat future": {"iat": NOW + 3600, "exp": NOW + 4000},
    "iat 1": {"iat": 1},
    "nbf future": {"nbf": NOW + 3600},
}
HEADERS = {
    "kid missing": {"kid": LEFT_OUT},
    "kid empty": {"kid": ""},
    "kid number": {"kid": 1},
    "kid traversal": {"kid": "../../etc/passwd"},
    "kid SQL": {"kid": "' OR 1=1 --"},
    "kid unknown": {"kid": "unknown"},
    "crit unknown": {"crit": ["x"], "x": 1},
    "crit empty": {"crit": []},
    "b64 false": {"b64": False},
    "zip": {"zip": "DEF"},
    "typ logout": {"typ": "logout+jwt"},
    "typ dpop": {"typ": "dpop+jwt"},
    "typ access token": {"typ": "at+jwt"},
    "typ number": {"typ": 1},
    "alg missing": {"alg": LEFT_OUT},
    "alg number": {"alg": 256},
    "alg list": {"alg": ["RS256"]},
    "alg not listed": {"alg": "RS512"},
    "alg of another key": {"alg": "ES256"},
}  # fmt: skip


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
def test_wrong_claims_are_refused_however_well_signed(wire, caplog, claims):
    assert_refused(wire, wire.answer(wire.token(claims)), caplog)


@pytest.mark.parametrize("change", ["/", "case", "tenant"])
def test_only_the_very_issuer_counts(wire, caplog, change):
    issuer = {"/": wire.peer.url + "/", "case": wire.peer.url.upper(), "tenant": "{tenantid}"}
    assert_refused(wire, wire.answer(wire.token({"iss": issuer[change]})), caplog)


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_wrong_headers_are_refused(wire, caplog, header):
    assert_refused(wire, wire.answer(wire.token(header=header)), caplog)


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
def test_an_algorithm_that_is_not_listed_is_refused(wire, caplog, algorithm):
    token = wire.token(header={"alg": algorithm}, algorithm=algorithm)
    assert_refused(wire, wire.answer(token), caplog)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("keeps", [False, True], ids=["unsigned", "signed"])
def test_no_algorithm_is_none(wire, caplog, name, keeps):
    token = wire.token(header={"alg": name})
    token = token if keeps else token.rpartition(".")[0] + "."
    assert_refused(wire, wire.answer(token), caplog)


@pytest.mark.parametrize("secret", ["PEM", "DER", "modulus", "empty", "client secret"])
def test_no_shared_secret_signs(wire, caplog, secret):
    known = minting.public_bytes(wire.peer.keys["RS256"])
    known |= {"empty": b"", "client secret": SECRET.encode()}
    token = wire.token(header={"alg": "HS256"}, key=known[secret] or b"\0", algorithm="HS256")
    assert_refused(wire, wire.answer(token), caplog)


@pytest.mark.parametrize("bits", [1024, 2048])
def test_another_key_under_the_right_name_is_refused(wire, caplog, bits):
    assert_refused(wire, wire.answer(wire.token(key=minting.foreign(bits))), caplog)


@pytest.mark.parametrize("place", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_the_token_brings_is_never_used(wire, caplog, place):
    key = minting.foreign()
    wire.server.routes["/jwks"] = {"keys": [minting.public_jwk(key)]}
    url = f"{wire.server.url}/jwks"
    values = {"jwk": minting.public_jwk(key), "jku": url, "x5u": url, "x5c": ["MIIB"]}
    assert_refused(wire, wire.answer(wire.token(header={place: values[place]}, key=key)), caplog)
    assert wire.server.count("/jwks") == 0


def elliptic(wire, change=lambda signature: signature):
    """Return a token signed with the elliptic key, its signature changed."""
    jwk = wire.peer.keys["ES256"]
    token = wire.token(
        header={"alg": "ES256", "kid": jwk["kid"]}, key=minting.private(jwk), algorithm="ES256"
    )
    start, _, signature = token.rpartition(".")
    return f"{start}.{encoded(change(_decoded(signature)))}"


def test_the_elliptic_key_signs(wire):
    assert wire.answer(elliptic(wire)).status_code == 302


def test_zeros_are_no_elliptic_signature(wire, caplog):
    assert_refused(wire, wire.answer(elliptic(wire, lambda signature: bytes(64))), caplog)


def test_der_is_no_elliptic_signature(wire, caplog):
    def der(raw):
        pair = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        return encode_dss_signature(*pair)

    assert_refused(wire, wire.answer(elliptic(wire, der)), caplog)


def test_an_elliptic_key_signs_nothing_else(wire, caplog):
    token = wire.token(header={"kid": wire.peer.keys["ES256"]["kid"]})
    assert_refused(wire, wire.answer(token), caplog)


def _twin(token):
    start = json.dumps(json.loads(_decoded(token.split(".")[0])))[:-1]
    header = encoded(start + ', "alg": "none"}')
    return f"{header}.{token.partition('.')[2]}"


def _swapped(token):
    header, payload, signature = token.split(".")
    claims = json.loads(_decoded(payload)) | {"sub": "bob"}
    return f"{header}.{encoded(claims)}.{signature}"


SHAPES = {
    "two parts": lambda t: t.rpartition(".")[0],
    "five parts": lambda t: f"{t}.a.b",
    "empty header": lambda t: f".{t.partition('.')[2]}",
    "empty payload": lambda t: f"{t.split('.')[0]}..{t.split('.')[2]}",
    "padding": lambda t: t.replace(".", "=.", 1),
    "newline": lambda t: f"{t}\n",
    "not JSON": lambda t: f"{t.split('.')[0]}.{encoded('x')}.{t.split('.')[2]}",
    "array": lambda t: f"{t.split('.')[0]}.{encoded('[]')}.{t.split('.')[2]}",
    "number": lambda t: f"{encoded('1')}.{t.partition('.')[2]}",
    "invalid UTF-8": lambda t: "_w." + t.partition(".")[2],
    "deep": lambda t: f"{t.split('.')[0]}.{encoded('[' * 3500)}.{t.split('.')[2]}",
    "long": lambda t: f"{t}{'a' * 16384}",
    "stripped": lambda t: f"{t.rpartition('.')[0]}.",
    "truncated": lambda t: t[:-10],
    "flipped": lambda t: t[:-20] + ("A" if t[-20] != "A" else "B") + t[-19:],
    "swapped payload": _swapped,
    "twin alg": _twin,
    "empty": lambda t: "",
    "words": lambda t: "hello",
    "null": lambda t: None,
    "object": lambda t: {"a": 1},
}


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES)
def test_what_is_no_whole_token_is_refused(wire, caplog, change):
    assert_refused(wire, wire.answer(change(wire.token())), caplog)


ANSWERS = {
    "an error": lambda handler, request: send(handler, {"error": "invalid_grant"}, 400),
    "a crash": lambda handler, request: send(handler, b"", 500),
    "no JSON": b"<html>",
    "an array": [],
    "a redirect": redirect("http://127.0.0.1:9/"),
    "too much": b"x" * 600_000,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_token_endpoint_that_answers_something_else_signs_nobody_in(wire, caplog, answer):
    wire.server.routes["/token"] = answer
    assert_refused(wire, wire.back(), caplog, Reason.PROVIDER)


@pytest.mark.parametrize(
    ("userinfo", "reason"),
    [
        ({"sub": "bob", "preferred_username": "ada"}, Reason.INVALID),
        ({"preferred_username": "ada"}, Reason.INVALID),
        (b"<html>", Reason.PROVIDER),
        (None, Reason.PROVIDER),
    ],
    ids=["another sub", "no sub", "no JSON", "404"],
)
def test_userinfo_is_of_the_same_person(wire, caplog, userinfo, reason):
    wire.server.routes["/me"] = userinfo
    assert_refused(wire, wire.answer(wire.token()), caplog, reason)


CLAIM_VALUES = {"number": 1, "list": ["ada"], "object": {"a": 1}, "null": None, "empty": ""}
CLAIM_VALUES |= {"NUL": "ada\0", "surrogate": "\ud800", "long": "a" * 600, "line": "ada\n"}


@pytest.mark.parametrize("value", CLAIM_VALUES.values(), ids=CLAIM_VALUES)
def test_a_claim_that_is_no_plain_text_matches_nobody(wire, caplog, value):
    token = wire.token({"preferred_username": value})
    assert_refused(wire, wire.answer(token), caplog, Reason.CLAIM)


@pytest.mark.parametrize("value", ["ada%", "a" * 400, "ada ", "%"])
def test_no_text_matches_more_than_itself(wire, caplog, value):
    token = wire.token({"preferred_username": value})
    assert_refused(wire, wire.answer(token), caplog, Reason.UNKNOWN)


@pytest.mark.parametrize("value", ["sub\0", "\ud800"])
def test_a_subject_that_no_database_holds_is_refused(wire, caplog, value):
    wire.server.routes["/me"] = {"sub": value, "preferred_username": "ada"}
    assert_refused(wire, wire.answer(wire.token({"sub": value})), caplog)


BACK = {
    "another issuer": ({"iss": "https://other.example.com"}, Reason.INVALID),
    "no issuer, though one was promised": ({"iss": None}, Reason.INVALID),
    "an error": ({"error": "access_denied"}, Reason.PROVIDER),
    "no code": ({"code": None}, Reason.INVALID),
    "no state": ({"state": None}, Reason.INVALID),
    "another state": ({"state": "other"}, Reason.INVALID),
}


@pytest.mark.parametrize(("query", "reason"), BACK.values(), ids=BACK)
def test_an_answer_that_does_not_belong_is_not_followed(wire, caplog, query, reason):
    wire.server.routes["/token"] = {"access_token": "at", "id_token": wire.token()}
    assert_refused(wire, wire.back(**query), caplog, reason)
    assert wire.server.count("/token") == 0


def test_an_answer_names_one_issuer(wire, caplog):
    assert_refused(wire, wire.back(iss=["https://other.example.com", wire.peer.url]), caplog)


def test_an_issuer_that_promises_nothing_need_not_name_itself(wire):
    OIDCApplication.objects.update(requires_iss=False)
    wire.server.routes["/token"] = {"access_token": "at", "id_token": wire.token()}
    assert wire.back(iss=None).status_code == 302


def test_a_state_is_used_once(wire):
    assert wire.answer(wire.token()).status_code == 302
    wire.client.post("/accounts/logout/")
    assert wire.back().status_code == 403
    assert not is_signed_in(wire.client)


def test_a_state_is_used_once_even_where_it_failed(wire):
    wire.back(error="access_denied")
    assert wire.answer(wire.token()).status_code == 403


def test_a_state_belongs_to_the_browser_that_asked(wire):
    wire.server.routes["/token"] = {"access_token": "at", "id_token": wire.token()}
    wire.client = Client()
    assert wire.back().status_code == 403


def test_a_code_of_one_sign_in_is_no_answer_to_another(scim, application, oidc_peer):
    """Somebody else's whole answer, put into a browser that asked as well."""
    provisioned(scim, "ada"), provisioned(scim, "bob")
    attacker, victim = Client(), Client()
    theirs = oidc_peer.authorize(ask(attacker), "bob")
    own = parse_qs(urlsplit(ask(victim)).query)["state"][0]
    code = parse_qs(urlsplit(theirs).query)["code"][0]
    answer = victim.get(CALLBACK, {"code": code, "state": own, "iss": oidc_peer.url})
    assert answer.status_code == 403
    assert not is_signed_in(victim)
    assert come_back(victim, theirs).status_code == 403


def test_an_application_switched_off_meanwhile_signs_nobody_in(wire, caplog):
    OIDCApplication.objects.update(enabled=False)
    assert_refused(wire, wire.answer(wire.token()), caplog)


def test_an_issuer_whose_keys_cannot_be_had_signs_nobody_in(wire, caplog):
    OIDCApplication.objects.update(jwks_uri=f"{wire.server.url}/nokeys")
    assert_refused(wire, wire.answer(wire.token()), caplog, Reason.PROVIDER)


def test_bad_answers_are_throttled(wire, settings):
    few(settings)
    for _ in range(3):
        assert wire.back(state="junk").status_code == 403
    assert wire.answer(wire.token()).status_code == 429
