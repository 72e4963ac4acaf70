"""Tokens that must not open anything: each is refused like every other, none is an error of ours.

The order is that of the checks: algorithm and key, header, time, audience and issuer,
client, kind, structure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scim_provisioning.auth.client_credentials import explain
from scim_provisioning.protocol.errors import Unauthorized
from tests.tokens import ABSENT, AUDIENCE, CLIENT, ec_key, encode, jwk, rsa_key, sign

pytestmark = [pytest.mark.django_db, pytest.mark.any_user]

NAN, INFINITY = float("nan"), float("inf")
SURROGATE = "\ud800"


def unsigned(issuer, **header):
    return f"{encode(issuer.header(**header))}.{encode(issuer.claims())}."


def with_signature(issuer, signature, **header):
    return f"{encode(issuer.header(**header))}.{encode(issuer.claims())}.{encode(signature)}"


def hs256(issuer, key):
    text = f"{encode(issuer.header(alg='HS256'))}.{encode(issuer.claims())}"
    return f"{text}.{encode(hmac.digest(key, text.encode(), hashlib.sha256))}"


def public(encoding, form=serialization.PublicFormat.SubjectPublicKeyInfo):
    return rsa_key().public_key().public_bytes(encoding, form)


def modulus():
    number = rsa_key().public_key().public_numbers().n
    return number.to_bytes(256, "big")


def der_signature(issuer):
    text = f"{encode(issuer.header(alg='ES256', kid='ec'))}.{encode(issuer.claims())}"
    return f"{text}.{encode(ec_key().sign(text.encode(), ec.ECDSA(hashes.SHA256())))}"


def raw_header(issuer, text):
    return sign(text.encode(), issuer.claims())


def raw_claims(issuer, text):
    body = json.dumps(issuer.claims())
    return sign(issuer.header(), (body[:-1] + ", " + text + "}").encode())


def parts(issuer):
    return issuer.token().split(".")


ALGORITHM = {
    "none": lambda i: unsigned(i, alg="none"),
    "None": lambda i: unsigned(i, alg="None"),
    "NONE, signed": lambda i: i.token({"alg": "NONE"}),
    "none, signed": lambda i: i.token({"alg": "none"}),
    "none, any signature": lambda i: with_signature(i, b"x", alg="none"),
    "alg missing": lambda i: i.token({"alg": ABSENT}),
    "alg null": lambda i: i.token({"alg": None}),
    "alg empty": lambda i: i.token({"alg": ""}),
    "alg a number": lambda i: i.token({"alg": 256}),
    "alg a list": lambda i: i.token({"alg": ["RS256"]}),
    "alg an object": lambda i: i.token({"alg": {"RS256": 1}}),
    "alg in other case": lambda i: i.token({"alg": "rs256"}),
    "alg with a space": lambda i: i.token({"alg": "RS256 "}),
    "alg twice": lambda i: raw_header(i, '{"alg":"none","alg":"RS256","kid":"first"}'),
    "HS256 by PEM": lambda i: hs256(i, public(serialization.Encoding.PEM)),
    "HS256 by DER": lambda i: hs256(i, public(serialization.Encoding.DER)),
    "HS256 by modulus": lambda i: hs256(i, modulus()),
    "HS256 by modulus in base64url": lambda i: hs256(i, encode(modulus()).encode()),
    "HS256 by an empty key": lambda i: hs256(i, b""),
    "HS256 by the client secret": lambda i: hs256(i, b"the client secret"),
    "RS512, not listed": lambda i: i.token({"alg": "RS512"}),
    "PS256, not listed": lambda i: i.token({"alg": "PS256"}),
    "RS256 on an EC kid": lambda i: i.token({"kid": "ec"}),
    "ES256 on an RSA kid": lambda i: i.token({"alg": "ES256"}, ec_key()),
    "another key": lambda i: i.token(key=rsa_key("second")),
    "another EC key": lambda i: i.token({"alg": "ES256", "kid": "ec"}, ec_key("other")),
    "1024 bits": lambda i: i.token({"kid": "small"}, rsa_key("small", 1024)),
    "ES256 of zeros": lambda i: with_signature(i, bytes(64), alg="ES256", kid="ec"),
    "ES256 in DER": der_signature,
    "ES256 too short": lambda i: with_signature(i, bytes(63), alg="ES256", kid="ec"),
    "unknown kid": lambda i: i.token({"kid": "nobody"}),
    "kid of a symmetric key": lambda i: i.token({"kid": "oct"}),
    "kid of an encryption key": lambda i: i.token({"kid": "enc"}),
    "kid of a key for another algorithm": lambda i: i.token({"kid": "rs512"}),
    "kid of a broken key": lambda i: i.token({"kid": "broken"}),
    "kid of a private key": lambda i: i.token({"kid": "private"}),
}

HEADER = {
    "embedded jwk": lambda i: i.token(
        {"jwk": jwk(rsa_key("evil"), "evil"), "kid": ABSENT}, rsa_key("evil")
    ),
    "embedded jwk under the right kid": lambda i: i.token(
        {"jwk": jwk(rsa_key("evil"), "first")}, rsa_key("evil")
    ),
    "jku": lambda i: i.token({"jku": i.url + "/evil", "kid": "evil"}, rsa_key("evil")),
    "x5u": lambda i: i.token({"x5u": i.url + "/evil", "kid": "evil"}, rsa_key("evil")),
    "x5c": lambda i: i.token({"x5c": ["MIIB"], "kid": "evil"}, rsa_key("evil")),
    "kid missing": lambda i: i.token({"kid": ABSENT}),
    "kid empty": lambda i: i.token({"kid": ""}),
    "kid null": lambda i: i.token({"kid": None}),
    "kid a number": lambda i: i.token({"kid": 1}),
    "kid a list": lambda i: i.token({"kid": ["first"]}),
    "kid a path": lambda i: i.token({"kid": "../../../../dev/null"}),
    "kid SQL": lambda i: i.token({"kid": "first' OR '1'='1"}),
    "kid a surrogate": lambda i: i.token({"kid": SURROGATE}),
    "crit unknown": lambda i: i.token({"crit": ["exp"], "exp": 1}),
    "crit empty": lambda i: i.token({"crit": []}),
    "crit null": lambda i: i.token({"crit": None}),
    "b64 false": lambda i: i.token({"b64": False, "crit": ["b64"]}),
    "b64 false, not critical": lambda i: i.token({"b64": False}),
    "zip": lambda i: i.token({"zip": "DEF"}),
    "enc": lambda i: i.token({"enc": "A128GCM"}),
    "typ logout": lambda i: i.token({"typ": "logout+jwt"}),
    "typ dpop": lambda i: i.token({"typ": "dpop+jwt"}),
    "typ a number": lambda i: i.token({"typ": 1}),
    "typ null": lambda i: i.token({"typ": None}),
    "typ a list": lambda i: i.token({"typ": ["at+jwt"]}),
    "typ empty": lambda i: i.token({"typ": ""}),
}

TIME = {
    "expired": lambda i: i.token(exp=i.claims()["iat"] - 61),
    "no exp": lambda i: i.token(exp=ABSENT),
    "no iat": lambda i: i.token(iat=ABSENT),
    "exp a string": lambda i: i.token(exp="9999999999"),
    "exp NaN": lambda i: i.token(exp=NAN),
    "exp Infinity": lambda i: i.token(exp=INFINITY),
    "exp -Infinity": lambda i: i.token(exp=-INFINITY),
    "exp 1e400": lambda i: sign(
        i.header(), json.dumps(i.claims(exp="@")).replace('"@"', "1e400").encode()
    ),
    "exp true": lambda i: i.token(exp=True),
    "exp a list": lambda i: i.token(exp=[i.claims()["exp"]]),
    "exp an object": lambda i: i.token(exp={}),
    "exp null": lambda i: i.token(exp=None),
    "exp 300 digits": lambda i: i.token(exp=10**300),
    "exp 4,000 digits": lambda i: i.token(exp=10**4000),
    "exp 5,000 digits": lambda i: sign(
        i.header(), json.dumps(i.claims(exp="@")).replace('"@"', "9" * 5000).encode()
    ),
    "exp in the year 9999": lambda i: i.token(exp=253402300799),
    "exp before iat": lambda i: i.token(exp=i.claims()["iat"] - 1),
    "a day and a second": lambda i: i.token(exp=i.claims()["iat"] + 86401),
    "iat null": lambda i: i.token(iat=None),
    "iat a string": lambda i: i.token(iat="1"),
    "iat in the future": lambda i: i.token(iat=i.claims()["iat"] + 120),
    "iat 1": lambda i: i.token(iat=1),
    "iat true": lambda i: i.token(iat=True),
    "nbf in the future": lambda i: i.token(nbf=i.claims()["iat"] + 120),
    "nbf null": lambda i: i.token(nbf=None),
    "nbf a string": lambda i: i.token(nbf="0"),
}

AUDIENCE_AND_ISSUER = {
    "aud missing": lambda i: i.token(aud=ABSENT),
    "aud null": lambda i: i.token(aud=None),
    "aud another": lambda i: i.token(aud="api://other"),
    "aud a prefix": lambda i: i.token(aud=AUDIENCE[:-1]),
    "aud longer": lambda i: i.token(aud=AUDIENCE + "/"),
    "aud in other case": lambda i: i.token(aud=AUDIENCE.upper()),
    "aud empty": lambda i: i.token(aud=""),
    "aud an empty list": lambda i: i.token(aud=[]),
    "aud an object": lambda i: i.token(aud={AUDIENCE: AUDIENCE}),
    "aud numbers": lambda i: i.token(aud=[1, 2]),
    "aud ours among others that are no texts": lambda i: i.token(aud=[AUDIENCE, 1]),
    "aud nested": lambda i: i.token(aud=[[AUDIENCE]]),
    "aud the client's own id": lambda i: i.token(aud=CLIENT),
    "aud twice": lambda i: raw_claims(i, '"aud": "api://portal"'),
    "iss with a slash more": lambda i: i.token(iss=i.url + "/"),
    "iss in other case": lambda i: i.token(iss=i.url.upper()),
    "iss a list": lambda i: i.token(iss=[i.url]),
    "iss null": lambda i: i.token(iss=None),
    "iss missing": lambda i: i.token(iss=ABSENT),
    "iss a number": lambda i: i.token(iss=5),
    "iss NUL": lambda i: i.token(iss=i.url + "\x00"),
    "iss surrogate": lambda i: i.token(iss=i.url + SURROGATE),
    "iss a placeholder": lambda i: i.token(iss="https://login.microsoftonline.com/{tenantid}/v2.0"),
    "iss another tenant": lambda i: i.token(iss="https://login.microsoftonline.com/other/v2.0"),
    "iss of Okta's organization": lambda i: i.token(iss="https://org.okta.com"),
    "iss of v1": lambda i: i.token(iss="https://sts.windows.net/8f7c/"),
    "tid of another tenant": lambda i: i.token(tid="8f7c"),
    "tid a list": lambda i: i.token(tid=["8f7c"]),
    "tid null": lambda i: i.token(tid=None),
    "tid empty": lambda i: i.token(tid=""),
    "tid an object": lambda i: i.token(tid={}),
    "tid a surrogate": lambda i: i.token(tid=SURROGATE),
}

CLIENT_AND_KIND = {
    "another client": lambda i: i.token(client_id="other"),
    "client missing": lambda i: i.token(client_id=ABSENT),
    "client null": lambda i: i.token(client_id=None),
    "client a list": lambda i: i.token(client_id=[CLIENT]),
    "client an object": lambda i: i.token(client_id={CLIENT: 1}),
    "client in other case": lambda i: i.token(client_id=CLIENT.upper()),
    "client with a space": lambda i: i.token(client_id=CLIENT + " "),
    "client with NUL": lambda i: i.token(client_id=CLIENT + "\x00"),
    "client a surrogate": lambda i: i.token(client_id=SURROGATE),
    "client too long": lambda i: i.token(client_id="x" * 4000),
    "client empty": lambda i: i.token(client_id=""),
    "client in another claim": lambda i: i.token(client_id=ABSENT, azp=CLIENT, cid=CLIENT),
    "delegated scp": lambda i: i.token(scp="scim", tid=i.url.split("/")[-1]),
    "delegated scp, a list": lambda i: i.token(scp=["scim"], tid=i.url.split("/")[-1]),
    "idtyp user": lambda i: i.token(idtyp="user"),
    "idtyp null": lambda i: i.token(idtyp=None),
    "idtyp a list": lambda i: i.token(idtyp=["app"]),
    "uid": lambda i: i.token(uid="00u1"),
    "uid null": lambda i: i.token(uid=None),
    "nonce": lambda i: i.token(nonce="n"),
    "at_hash": lambda i: i.token(at_hash="h"),
    "c_hash": lambda i: i.token(c_hash="h"),
}

STRUCTURE = {
    "two parts": lambda i: ".".join(parts(i)[:2]),
    "four parts": lambda i: i.token() + ".x",
    "five parts": lambda i: i.token() + ".x.y",
    "only dots": lambda i: "..",
    "empty header": lambda i: "." + ".".join(parts(i)[1:]),
    "empty payload": lambda i: f"{parts(i)[0]}..{parts(i)[2]}",
    "padding": lambda i: i.token() + "==",
    "padded header": lambda i: parts(i)[0] + "=." + ".".join(parts(i)[1:]),
    "newline inside": lambda i: i.token().replace(".", ".\n", 1),
    "tab inside": lambda i: i.token().replace(".", "\t.", 1),
    "letters of base64": lambda i: i.token() + "+/",
    "not ASCII": lambda i: i.token() + "é",
    "not JSON": lambda i: sign(b"{", i.claims()),
    "payload not JSON": lambda i: sign(i.header(), b"claims"),
    "payload empty text": lambda i: sign(i.header(), b" "),
    "payload an array": lambda i: sign(i.header(), [i.claims()]),
    "payload a number": lambda i: sign(i.header(), 5),
    "payload null": lambda i: sign(i.header(), None),
    "header an array": lambda i: sign([i.header()], i.claims()),
    "header a text": lambda i: sign("RS256", i.claims()),
    "invalid UTF-8": lambda i: sign(i.header(), b'{"iss": "\xff\xfe"}'),
    "UTF-16": lambda i: sign(i.header(), json.dumps(i.claims()).encode("utf-16")),
    "byte order mark": lambda i: sign(
        i.header(), b"\xef\xbb\xbf" + json.dumps(i.claims()).encode()
    ),
    "depth 2,500": lambda i: sign(i.header(), b"[" * 2500),
    "depth 2,500 in a claim": lambda i: raw_claims(i, '"x": ' + "[" * 2500 + "]" * 2500),
    "depth 2,500 as tid": lambda i: raw_claims(i, '"tid": ' + "[" * 2500 + "]" * 2500),
    "depth 3,500 in the header": lambda i: raw_header(i, '{"a":' * 1100 + "1" + "}" * 1100),
    "16 KiB": lambda i: i.token(x="x" * 12_000),
    "compressed payload": lambda i: sign(i.header(), b"x\x9c\xab\xe6\x02\x00\x00\x92\x00\x90"),
    "signature stripped": lambda i: ".".join(parts(i)[:2]) + ".",
    "signature truncated": lambda i: i.token()[:-4],
    "signature flipped": lambda i: flipped(i),
    "signature not canonical": lambda i: not_canonical(i),
    "payload swapped": lambda i: swapped(i),
    "a twin in the payload": lambda i: raw_claims(i, '"x": {"a": 1, "a": 2}'),
}


def flipped(issuer):
    *rest, signature = parts(issuer)
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[10] ^= 1
    return ".".join([*rest, encode(bytes(raw))])


def not_canonical(issuer):
    """The last letter of 256 bytes holds four bits that count for nothing."""
    token, alphabet = (
        issuer.token(),
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    )
    last = alphabet.index(token[-1].encode())
    return token[:-1] + chr(alphabet[last + 1])


def swapped(issuer):
    first, second = parts(issuer), issuer.token(sub="another").split(".")
    return f"{first[0]}.{second[1]}.{first[2]}"


TABLES = {
    "algorithm": ALGORITHM,
    "header": HEADER,
    "time": TIME,
    "audience": AUDIENCE_AND_ISSUER,
    "client": CLIENT_AND_KIND,
    "structure": STRUCTURE,
}
CASES = [
    pytest.param(make, id=f"{table}: {name}")
    for table, cases in TABLES.items()
    for name, make in cases.items()
]


@pytest.fixture
def keys(issuer):
    """Keys that must not be used, beside the good ones."""
    issuer.keys += [
        jwk(rsa_key("small", 1024), "small"),
        {"kty": "oct", "k": encode(b"x" * 64), "kid": "oct", "alg": "RS256"},
        jwk(rsa_key(), "enc", use="enc"),
        jwk(rsa_key(), "rs512", alg="RS512"),
        {"kty": "RSA", "kid": "broken", "n": 5, "e": []},
        {**jwt.get_algorithm_by_name("RS256").to_jwk(rsa_key(), as_dict=True), "kid": "private"},
        {"kty": "RSA"},
        "no key",
        None,
    ]
    return issuer


@pytest.mark.parametrize("make", CASES)
def test_it_is_refused_like_every_other_and_explained(scim, keys, make):
    token = make(keys)
    answer = scim.get("/Users", authorization=f"Bearer {token}")
    assert (answer.status, answer.body["detail"]) == (401, Unauthorized.default_detail)
    assert answer.headers["WWW-Authenticate"].endswith('error="invalid_token"')
    assert keys.server.count("/evil") == 0
    failed = [step for step in explain(token) if step.passed is False]
    assert failed
    # Whatever was in the token, a page and a log can hold the reason.
    assert all(step.reason and step.reason.encode() for step in failed)


def test_what_the_cases_change_is_let_in(scim, keys):
    for token in (
        keys.token(),
        keys.token({"alg": "ES256", "kid": "ec"}, ec_key()),
        keys.token(aud=["api://other", AUDIENCE], nbf=keys.claims()["iat"] + 30, idtyp="app"),
        keys.token({"typ": "JWT"}, exp=keys.claims()["exp"] + 0.5, scp="scim"),
        keys.token({"typ": "application/AT+JWT", "jku": keys.url + "/evil"}),
        keys.token({"typ": ABSENT, "x5c": ["MIIB"]}, exp=keys.claims()["iat"] + 86400),
        keys.token(tid=keys.url.split("/")[-1], roles=["any"]),
    ):
        assert scim.get("/Users", authorization=f"Bearer {token}").status == 200
        assert [step.title for step in explain(token) if not step.passed] == []
