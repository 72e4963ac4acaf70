"""What a check costs: statements asked, hashes run, and who is let through while waiting."""

from __future__ import annotations

import base64
import math

import pytest

from scim_provisioning import auth
from scim_provisioning.auth import opaque, passwords, personal_tokens, throttle
from scim_provisioning.auth.principals import parse_scopes
from scim_provisioning.models import PersonalAccessToken
from scim_provisioning.protocol.errors import TooManyRequests, Unauthorized
from tests.auth.conftest import PASSWORD
from tests.scim_client import basic

pytestmark = pytest.mark.django_db


def test_one_statement_tells_token_owner_and_connection(scim, django_assert_num_queries):
    for header in (scim.bearer, scim.basic, scim.token):
        with django_assert_num_queries(1):
            auth.authenticate(header, None)


def test_one_statement_tells_user_and_connection(scim, owner, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(1):
            auth.authenticate(basic(scim.username, PASSWORD), None)


def test_a_password_may_hold_colons_and_any_letter(scim, owner):
    assert auth.authenticate(basic(scim.username, PASSWORD), None).credential == "password"


MALFORMED = {
    "checksum": lambda t: t[:-1] + ("0" if t[-1] != "0" else "1"),
    "letter changed": lambda t: t[:20] + ("a" if t[20] != "a" else "b") + t[21:],
    "letters swapped": lambda t: t[:-2] + t[-1] + t[-2] if t[-1] != t[-2] else t[:-1],
    "wide digits": lambda t: t[:-6] + "\uff10" * 6,
    "hyphen": lambda t: t[:10] + "-" + t[11:],
    "newline inside": lambda t: t[:10] + "\n" + t[11:],
    "prefix alone": lambda t: "kvp_",
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_mistyped_token_asks_the_database_nothing(scim, django_assert_num_queries, change):
    with django_assert_num_queries(0), pytest.raises(Unauthorized):
        auth.authenticate(f"Bearer {change(scim.token)}", None)


NOT_BASIC = {
    "padding left out": lambda pair: pair.rstrip("="),
    "newline": lambda pair: pair[:4] + "\n" + pair[4:],
    "letters of base64url": lambda pair: "-_" + pair[2:],
    "not ASCII": lambda pair: "é" + pair,
    "two pairs": lambda pair: f"{pair} {pair}",
    "over the cap": lambda pair: pair * 40,
}


@pytest.mark.parametrize("change", NOT_BASIC.values(), ids=NOT_BASIC.keys())
def test_what_is_no_pair_asks_the_database_nothing(scim, django_assert_num_queries, change):
    pair = base64.b64encode(f"{scim.username}::{scim.token}".encode()).decode()
    assert pair.endswith("=")
    with django_assert_num_queries(0), pytest.raises(Unauthorized):
        auth.authenticate(f"Basic {change(pair)}", None)


@pytest.mark.parametrize(
    ("text", "rights"),
    [
        ("", set()),
        ("scimitar", set()),
        ("SCIM", set()),
        ("scim.read", {"scim.read"}),
        ("scim.write", {"scim.read", "scim.write"}),
        ("other scim", {"scim.read", "scim.write"}),
    ],
)
def test_scopes_stand_for_rights(text, rights):
    assert parse_scopes(text) == rights


@pytest.mark.parametrize(("scopes", "read", "write"), [("", 403, 403), ("scim.read", 200, 403)])
@pytest.mark.scim("A025")
def test_a_token_does_what_its_scopes_say(scim, scopes, read, write):
    PersonalAccessToken.objects.update(scopes=scopes)
    assert scim.get("/Users").status == read
    assert scim.post("/Users", {}).status == write


def test_who_waited_for_a_hash_is_throttled_after_the_wait(scim, owner, monkeypatch):
    class Slow:
        def acquire(self, timeout):
            for _ in range(5):
                throttle.fail("10.0.0.1", scim.username)
            return True

        def release(self):
            pass

    monkeypatch.setattr(passwords, "_HASHING", Slow())
    monkeypatch.setattr(passwords, "check_password", lambda *a: pytest.fail("hashed"))
    with pytest.raises(TooManyRequests):
        auth.authenticate(basic(scim.username, "wrong"), "10.0.0.1")


def test_a_hash_that_breaks_gives_its_place_back(scim, owner, monkeypatch):
    def broken(*args):
        raise RuntimeError

    monkeypatch.setattr(passwords, "check_password", broken)
    monkeypatch.setattr(passwords, "MOST_WAITING", 0.01)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            auth.authenticate(basic(scim.username, PASSWORD), None)


def test_remembering_again_keeps_what_is_used(monkeypatch):
    monkeypatch.setattr(passwords, "MOST_REMEMBERED", 2)
    for key in (b"1", b"2", b"1", b"3"):
        passwords.memory.remember(key)
    assert [passwords.memory.knows(key) for key in (b"1", b"2", b"3")] == [True, False, True]


def test_a_remembered_password_ends_with_its_time(scim, owner, settings, monkeypatch):
    settings.SCIM_PROVISIONING = {"PASSWORD_CACHE_SECONDS": 0}
    auth.authenticate(basic(scim.username, PASSWORD), None)
    monkeypatch.setattr(passwords, "check_password", lambda *a: False)
    with pytest.raises(Unauthorized):
        auth.authenticate(basic(scim.username, PASSWORD), None)


def test_an_inactive_owner_is_refused_though_remembered(scim, owner):
    auth.authenticate(basic(scim.username, PASSWORD), None)
    type(owner)._default_manager.filter(pk=owner.pk).update(is_active=False)
    with pytest.raises(Unauthorized):
        auth.authenticate(basic(scim.username, PASSWORD), None)


@pytest.mark.scim("A028")
def test_a_generated_token_is_well_formed():
    tokens = {personal_tokens.generate() for _ in range(50)}
    assert len(tokens) == 50
    assert all(opaque.is_well_formed(token, "kvp_") for token in tokens)
    # The last six letters are a checksum; a letter holds less than six bits.
    assert all((len(token) - len("kvp_") - 6) * math.log2(62) >= 128 for token in tokens)
    assert {len(token) for token in tokens} == {4 + 43 + 6}
