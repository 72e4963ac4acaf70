"""Who is let in, and that every refusal looks the same (hostile cases included)."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.utils import timezone

from scim_provisioning import auth, conf
from scim_provisioning.auth import opaque, passwords, personal_tokens, throttle
from scim_provisioning.models import PersonalAccessToken
from scim_provisioning.protocol.errors import Forbidden, TooManyRequests, Unauthorized
from tests.auth.conftest import PASSWORD
from tests.scim_client import basic
from tests.scim_fixtures import make_client

pytestmark = pytest.mark.django_db


def test_every_form_of_a_token_is_recognised(scim):
    forms = {scim.bearer: "pat-bearer", scim.basic: "pat", scim.token: "pat-bearer"}
    forms[f"bearer   {scim.token}"] = "pat-bearer"
    for header, credential in forms.items():
        principal = auth.authenticate(header, "127.0.0.1")
        assert (principal.credential, principal.connection_id) == (credential, scim.connection.pk)
        assert principal.sign_in_class == "basic"
        assert principal.is_authenticated


def test_the_password_is_recognised(scim, owner):
    principal = auth.authenticate(basic(scim.username, PASSWORD), None)
    assert (principal.credential, principal.pk) == ("password", owner.pk)


def without_colon(scim):
    return "Basic " + base64.b64encode(b"nocolon").decode()


REFUSED = {
    "none": lambda s: None,
    "empty": lambda s: "",
    "scheme only": lambda s: "Basic",
    "bearer of nothing": lambda s: "Bearer ",
    "no scheme": lambda s: "non-token",
    "another scheme": lambda s: "Digest x",
    "no colon": without_colon,
    "empty user": lambda s: basic("", s.token),
    "empty password": lambda s: basic(s.username, ""),
    "NUL": lambda s: basic(s.username + "\x00", s.token),
    "Latin-1": lambda s: "Basic " + base64.b64encode(b"us\xe9r:pass").decode(),
    "bad base64": lambda s: "Basic !!!",
    "2 KB": lambda s: basic("x" * 2000, "y"),
    "user name in other case": lambda s: basic(s.username.upper(), s.token),
    "someone else's": lambda s: basic("admin", s.token),
    "bad checksum": lambda s: "Bearer " + s.token[:-1] + ("a" if s.token[-1] != "a" else "b"),
    "typo": lambda s: "Bearer " + s.token[:9] + ("a" if s.token[9] != "a" else "b") + s.token[10:],
    "prefix in capitals": lambda s: s.bearer.replace("kvp_", "KVP_"),
    "too short": lambda s: "Bearer kvp_x",
    "too long": lambda s: s.bearer + "x",
    "not ASCII": lambda s: "Bearer kvp_" + "é" * 49,
    "unknown": lambda s: "Bearer " + personal_tokens.generate(),
    "a JWT": lambda s: "Bearer eyJhbGciOiJub25lIn0.e30.",
    "wrong password": lambda s: basic(s.username, "wrong"),
    "unknown user": lambda s: basic("nobody", "wrong"),
    "two tokens": lambda s: f"{s.bearer} {s.token}",
}


@pytest.mark.parametrize("header", REFUSED.values(), ids=REFUSED.keys())
def test_refusals_all_look_the_same(scim, owner, header):
    with pytest.raises(Unauthorized) as caught:
        auth.authenticate(header(scim), "127.0.0.1")
    assert caught.value.detail == Unauthorized.default_detail


def change_token(scim, **fields):
    PersonalAccessToken.objects.filter(owner=scim.connection.acting_user).update(**fields)


@pytest.mark.parametrize("field", ["expires", "revoked"])
@pytest.mark.scim("A029")
def test_ended_tokens_are_refused(scim, field):
    change_token(scim, **{field: timezone.now()})
    for header in (scim.bearer, scim.basic, scim.token):
        with pytest.raises(Unauthorized):
            auth.authenticate(header, None)


def test_tokens_of_inactive_owners_are_refused(scim, owner):
    owner.is_active = False
    owner.save()
    for header in (scim.bearer, basic(scim.username, PASSWORD)):
        with pytest.raises(Unauthorized):
            auth.authenticate(header, None)


def test_reactivation_revives_no_token(scim, owner):
    for active in (False, True):
        owner.is_active = active
        owner.save()
    with pytest.raises(Unauthorized):
        auth.authenticate(scim.bearer, None)


def test_an_unusable_password_is_refused(scim):
    for attempt in ("", "!", scim.connection.acting_user.password):
        with pytest.raises(Unauthorized):
            auth.authenticate(basic(scim.username, attempt), None)


@pytest.mark.scim("A019")
def test_a_user_without_a_connection_is_forbidden(scim):
    model = get_user_model()
    user = model(**{model.USERNAME_FIELD: "plain@example.com"})
    user.save()
    _, token = personal_tokens.create(user)
    with pytest.raises(Forbidden):
        auth.authenticate(f"Bearer {token}", None)


def test_a_changed_password_is_forgotten_at_once(scim, owner):
    auth.authenticate(basic(scim.username, PASSWORD), None)
    owner.set_password("another")
    owner.save()
    with pytest.raises(Unauthorized):
        auth.authenticate(basic(scim.username, PASSWORD), None)


def test_a_right_password_is_hashed_once(scim, owner, monkeypatch):
    hashed = []
    check = passwords.check_password
    monkeypatch.setattr(passwords, "check_password", lambda *a: hashed.append(1) or check(*a))
    for _ in range(3):
        auth.authenticate(basic(scim.username, PASSWORD), None)
    assert len(hashed) == 1


def test_an_unknown_user_costs_a_hash_too(scim, monkeypatch):
    hashed = []
    check = passwords.check_password
    monkeypatch.setattr(passwords, "check_password", lambda *a: hashed.append(1) or check(*a))
    with pytest.raises(Unauthorized):
        auth.authenticate(basic("nobody", "x"), None)
    assert len(hashed) == 1


def fail(username, address, times):
    for _ in range(times):
        with pytest.raises(Unauthorized):
            auth.authenticate(basic(username, "wrong"), address)


@pytest.mark.scim("A031")
def test_failures_of_one_name_are_throttled_before_hashing(scim, owner, monkeypatch):
    fail(scim.username, "10.0.0.1", 5)
    monkeypatch.setattr(passwords, "check_password", lambda *a: pytest.fail("hashed"))
    with pytest.raises(TooManyRequests) as caught:
        auth.authenticate(basic(scim.username, "wrong"), "10.0.0.1")
    assert 1 <= caught.value.retry_after <= conf.current().throttle_user[1]


@pytest.mark.scim("A031")
def test_failures_of_one_address_are_throttled(scim, owner):
    for i in range(30):
        fail(f"user{i}", "10.0.0.1", 1)
    with pytest.raises(TooManyRequests):
        auth.authenticate(basic("fresh", "wrong"), "10.0.0.1")
    fail("fresh", "10.0.0.2", 1)


def test_a_network_of_ipv6_counts_as_one_address(scim, owner):
    """Whoever has one address of it has all of them."""
    for i in range(30):
        fail(f"user{i}", f"2001:db8::{i:x}:1", 1)
    with pytest.raises(TooManyRequests):
        auth.authenticate(basic("fresh", "wrong"), "2001:db8::ffff")
    fail("fresh", "2001:db8:0:1::1", 1)


def test_failures_of_signing_in_are_counted_apart(scim, owner):
    for _ in range(30):
        throttle.fail("10.0.0.1", scim.username, realm="login")
    fail(scim.username, "10.0.0.1", 1)
    with pytest.raises(TooManyRequests):
        throttle.check("10.0.0.1", scim.username, realm="login")


def test_no_flood_of_other_entries_makes_failures_forgotten(scim, owner):
    fail(scim.username, "10.0.0.1", 5)
    cache.set_many(dict.fromkeys(map(str, range(1000)), 1))
    with pytest.raises(TooManyRequests):
        auth.authenticate(basic(scim.username, "wrong"), "10.0.0.1")


def test_an_attacker_cannot_stop_a_working_connection(scim, owner):
    auth.authenticate(basic(scim.username, PASSWORD), "10.0.0.1")
    fail(scim.username, "10.0.0.1", 5)
    assert auth.authenticate(basic(scim.username, PASSWORD), "10.0.0.1")
    assert auth.authenticate(scim.basic, "10.0.0.1")


def test_tokens_and_missing_credentials_are_not_counted(scim, owner):
    for header in [None, "Bearer x", "Bearer " + personal_tokens.generate()] * 20:
        with pytest.raises(Unauthorized):
            auth.authenticate(header, "10.0.0.1")
    assert auth.authenticate(basic(scim.username, PASSWORD), "10.0.0.1")


def test_only_two_hashes_run_at_once(scim, owner, monkeypatch):
    monkeypatch.setattr(passwords, "MOST_WAITING", 0.01)
    for _ in range(2):
        passwords._HASHING.acquire()
    try:
        with pytest.raises(TooManyRequests):
            auth.authenticate(basic(scim.username, PASSWORD), None)
    finally:
        for _ in range(2):
            passwords._HASHING.release()


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(passwords, "MOST_REMEMBERED", 2)
    for key in (b"1", b"2", b"3"):
        passwords.memory.remember(key)
    assert [passwords.memory.knows(key) for key in (b"1", b"2", b"3")] == [False, True, True]


@pytest.mark.scim("A031")
def test_a_token_is_stored_as_a_digest_only(scim):
    row = PersonalAccessToken.objects.get(owner=scim.connection.acting_user)
    assert scim.token not in [str(getattr(row, f.name)) for f in row._meta.fields]
    assert row.digest == opaque.digest(scim.token)
    assert row.hint.startswith("kvp_")
    assert len(row.hint) < 16
    assert str(row) == row.hint


def test_the_last_use_is_written_now_and_then(scim, settings):
    row = PersonalAccessToken.objects.get(owner=scim.connection.acting_user)
    scim.get("/Users")
    row.refresh_from_db()
    first = row.last_used
    assert row.last_address == "127.0.0.1"
    scim.get("/Users")
    row.refresh_from_db()
    assert row.last_used == first
    change_token(scim, last_used=first - timedelta(hours=1))
    scim.get("/Users")
    row.refresh_from_db()
    assert row.last_used >= first
    scim.connection.refresh_from_db()
    assert scim.connection.last_seen >= first


@pytest.mark.scim("A018")
def test_the_challenge_names_both_schemes(scim):
    answer = scim.get("/Users", authorization=None)
    assert answer.status == 401
    plain = 'Basic realm="scim", charset="UTF-8", Bearer realm="scim"'
    assert answer.headers["WWW-Authenticate"] == plain
    refused = scim.get("/Users", authorization="Bearer wrong")
    assert refused.headers["WWW-Authenticate"] == plain + ', error="invalid_token"'
    for header in (basic("a", "b"), "Digest x"):
        assert scim.get("/Users", authorization=header).headers["WWW-Authenticate"] == plain


@pytest.mark.scim("A020")
def test_a_session_cookie_or_a_token_in_the_url_opens_nothing(scim, owner):
    scim.http.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert scim.get("/Users", authorization=None).status == 401
    assert scim.get(f"/Users?access_token={scim.token}", authorization=None).status == 401


@pytest.mark.scim("A032")
def test_two_connections_are_told_apart(scim):
    other = make_client("second")
    assert auth.authenticate(other.bearer, None).connection_name == "second"
    assert auth.authenticate(scim.bearer, None).connection_name == "idp"
