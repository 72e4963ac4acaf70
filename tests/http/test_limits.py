"""Addresses as proxies write them, and limits of a connection."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from django.test import RequestFactory

from scim_provisioning.http.limits import client_address

CASES = [
    ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
    ("127.0.0.1", "192.0.2.1:51234", "192.0.2.1"),
    ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
    ("127.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
    ("127.0.0.1", "[2001:db8::1]", "2001:db8::1"),
    ("127.0.0.1", "fe80::1%eth0", "fe80::1"),
    ("127.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
    ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
    ("127.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"),
    ("127.0.0.1", "6.6.6.6, 192.0.2.1, 127.0.0.9", "192.0.2.1"),
    ("127.0.0.1", "", "127.0.0.1"),
    ("127.0.0.1", "127.0.0.2, 127.0.0.3", "127.0.0.2"),
    ("127.0.0.1", "unknown", None),
    ("127.0.0.1", "1.2.3.4:x", None),
    ("10.0.0.1", "192.0.2.1", "10.0.0.1"),
    ("fe80::1%eth0", "192.0.2.1", "fe80::1"),
    ("", "192.0.2.1", None),
]


@pytest.mark.parametrize(("remote", "forwarded", "expected"), CASES)
def test_the_address_is_the_last_one_that_no_trusted_proxy_has(
    settings, remote, forwarded, expected
):
    settings.SCIM_PROVISIONING = {"TRUSTED_PROXIES": ("127.0.0.0/8",)}
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers={"x-forwarded-for": forwarded})
    assert client_address(request) == expected


def test_without_trusted_proxies_nothing_forwarded_counts():
    request = RequestFactory().get("/", headers={"x-forwarded-for": "192.0.2.1"})
    assert client_address(request) == "127.0.0.1"


@pytest.mark.django_db
@pytest.mark.scim("A033")
def test_a_rate_limit_says_when_to_come_back(scim, monkeypatch):
    monkeypatch.setattr("scim_provisioning.http.limits.time.time", lambda: 1000.0)
    scim.connection.rate_limit = 2
    scim.connection.save()
    answers = [scim.get("/Users") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 429, 429]
    assert answers[-1].headers["Retry-After"].isdigit()


@pytest.mark.django_db
def test_the_limit_of_one_connection_is_not_anothers(scim, other, monkeypatch):
    monkeypatch.setattr("scim_provisioning.http.limits.time.time", lambda: 1000.0)
    scim.connection.rate_limit = 1
    scim.connection.save()
    assert [scim.get("/Users").status for _ in range(2)] == [200, 429]
    assert [other.get("/Users").status for _ in range(2)] == [200, 200]


@pytest.mark.django_db
def test_a_count_that_expired_meanwhile_limits_nobody(scim, monkeypatch):
    monkeypatch.setattr("scim_provisioning.http.limits.cache.incr", Mock(side_effect=ValueError))
    scim.connection.rate_limit = 1
    scim.connection.save()
    assert [scim.get("/Users").status for _ in range(2)] == [200, 200]
