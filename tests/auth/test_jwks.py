"""Keys of issuers: when they are fetched, who waits, and what goes on while an issuer is down."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from scim_provisioning import outbound
from scim_provisioning.auth import jwks
from scim_provisioning.auth.jwks import KeySet, UnknownKey
from scim_provisioning.protocol.errors import Unavailable
from tests.local_server import redirect, send
from tests.tokens import KEYS, Issuer, jwk, rsa_key

pytestmark = pytest.mark.once


class Clock:
    """The time that keys are aged by, moved by hand."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(jwks, "time", found)
    return found


@pytest.fixture
def at(server, local, clock):
    """An issuer and the keys behind its URL."""
    found = Issuer(server)
    found.set = KeySet(found.url + KEYS)
    found.find = lambda kid="first": found.set.find(kid, "RS256")
    return found


def test_keys_are_fetched_once_while_they_are_fresh(at, clock):
    for _ in range(20):
        assert at.find().key_id == "first"
        clock.now += 14
    assert at.fetches == 1
    clock.now += 30
    at.find()
    assert at.fetches == 2


def test_500_unknown_keys_cause_no_extra_fetch(at):
    at.find()
    for i in range(500):
        with pytest.raises(UnknownKey):
            at.find(f"unknown-{i}")
    assert at.fetches == 1


def test_500_unknown_keys_of_a_cold_process_cause_one_fetch(at):
    for i in range(500):
        with pytest.raises(UnknownKey):
            at.find(f"unknown-{i}")
    assert at.fetches == 1


def test_a_rotated_key_is_found_after_the_cool_down(at, clock):
    at.find()
    at.keys.append(jwk(rsa_key("second"), "second"))
    with pytest.raises(UnknownKey):
        at.find("second")
    clock.now += jwks.COOL_DOWN
    assert at.find("second").key_id == "second"
    assert at.fetches == 2


def test_a_withdrawn_key_ends_when_the_keys_are_fetched_anew(at, clock):
    at.find()
    del at.keys[0]
    clock.now += jwks.LIFETIME - 1
    assert at.find()
    clock.now += 1
    with pytest.raises(UnknownKey):
        at.find()
    at.keys.clear()
    clock.now += jwks.LIFETIME
    with pytest.raises(UnknownKey):
        at.find("ec")


def test_a_key_that_was_replaced_under_its_name_is_replaced_here(at, clock):
    first = at.find().key.public_numbers()
    at.keys[0] = jwk(rsa_key("second"), "first")
    clock.now += jwks.LIFETIME
    assert at.find().key.public_numbers() != first


def down(handler, request):
    send(handler, b"", 503)


def test_known_keys_go_on_for_an_hour_while_the_issuer_is_down(at, clock):
    at.find()
    at.server.routes[KEYS] = down
    for _ in range(11):
        clock.now += jwks.LIFETIME
        assert at.find()
    assert at.fetches == 12
    clock.now += jwks.LIFETIME
    with pytest.raises(Unavailable) as caught:
        at.find()
    assert caught.value.retry_after == 30


def test_a_key_unknown_while_the_issuer_is_down_is_not_refused_for_good(at, clock):
    at.find()
    at.server.routes[KEYS] = down
    clock.now += jwks.COOL_DOWN
    for wait in (30, 20):
        with pytest.raises(Unavailable) as caught:
            at.find("second")
        assert caught.value.retry_after == wait
        clock.now += 10
    assert at.fetches == 2
    assert at.find()


def test_a_failed_fetch_is_not_tried_again_at_once(at, clock):
    at.server.routes[KEYS] = down
    for _ in range(10):
        with pytest.raises(Unavailable):
            at.find()
    assert at.fetches == 1
    at.server.routes[KEYS] = at.show
    clock.now += jwks.COOL_DOWN
    assert at.find()


BAD = {
    "redirect": redirect("/elsewhere"),
    "huge": b'{"keys": [' + b" " * outbound.MOST_BYTES + b"]}",
    "no JSON": b"<html>",
    "a list": [],
    "no keys": {},
    "keys an object": {"keys": {}},
    "not found": None,
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
def test_keys_that_cannot_be_read_are_unavailable(at, answer):
    at.server.routes |= {KEYS: answer, "/elsewhere": {"keys": at.keys}}
    with pytest.raises(Unavailable):
        at.find()
    assert [request.path for request in at.server.requests] == [KEYS]


class Slow:
    """Answers when it is let go."""

    def __init__(self, at):
        self.at, self.asked, self.go = at, threading.Event(), threading.Event()

    def __call__(self, handler, request):
        self.asked.set()
        self.go.wait(5)
        self.at.show(handler, request)


def test_a_known_key_never_waits_for_an_unknown_one(at, clock):
    at.find()
    at.server.routes[KEYS] = slow = Slow(at)
    clock.now += jwks.LIFETIME
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(at.find, "unknown")
        assert slow.asked.wait(5)
        assert at.find().key_id == "first"
        with pytest.raises(Unavailable) as caught:
            at.find("another")
        assert caught.value.retry_after == 1
        slow.go.set()
        assert isinstance(waiting.exception(), UnknownKey)
    assert at.fetches == 2


def test_those_who_come_first_together_fetch_once(at):
    at.server.routes[KEYS] = slow = Slow(at)
    with ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(at.find) for _ in range(5)]
        assert slow.asked.wait(5)
        slow.go.set()
        assert {each.result().key_id for each in waiting} == {"first"}
    assert at.fetches == 1


def test_who_waits_for_the_first_keys_waits_a_while_only(at, monkeypatch):
    monkeypatch.setattr(jwks, "MOST_WAITING", 0.05)
    at.server.routes[KEYS] = slow = Slow(at)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(at.find)
        assert slow.asked.wait(5)
        with pytest.raises(Unavailable):
            at.find()
        slow.go.set()
        assert waiting.result()


def test_a_process_has_one_set_per_url():
    assert jwks.key_set("https://a/keys") is jwks.key_set("https://a/keys")
    assert jwks.key_set("https://a/keys") is not jwks.key_set("https://b/keys")
