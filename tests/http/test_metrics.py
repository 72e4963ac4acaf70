"""What Prometheus is told: few names and labels, and only to who may ask."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from prometheus_client import REGISTRY

from scim_provisioning import metrics
from scim_provisioning.http.metrics import scrape
from tests.scim_client import BULK_REQUEST, USER

pytestmark = pytest.mark.django_db


def value(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0


@pytest.fixture
def grown():
    """Return by how much a sample has grown since the test asked for it first."""
    before = {}

    def grown(name, **labels):
        key = (name, *labels.items())
        now = value(name, **labels)
        return now - before.setdefault(key, now)

    return grown


ASKED = [
    ("GET", "/Users", "User"),
    ("GET", "/Groups/nosuch", "Group"),
    ("POST", "/Users/.search", "User"),
    ("GET", "/Schemas", "schemas"),
    ("POST", "/Bulk", "bulk"),
    ("GET", "/Nosuch", "nowhere"),
    ("GET", "/Nosuch/of/any/kind", "nowhere"),
    ("BREW", "/Users", "User"),
]


@pytest.mark.parametrize(("method", "path", "resource"), ASKED)
def test_requests_are_counted_by_names_of_ours(scim, grown, method, path, resource):
    known = method if method != "BREW" else "OTHER"
    name = "scim_request_duration_seconds_count"
    grown(name, resource=resource, method=known)
    status = str(scim.send(method, path, {}).status)
    assert grown(name, resource=resource, method=known) == 1
    assert value("scim_requests_total", resource=resource, method=known, status=status) >= 1


def test_writes_are_counted_by_connection_and_outcome(scim, grown):
    body = {"schemas": [USER], "userName": "ada@example.com"}

    def counts():
        return [
            grown("scim_writes_total", connection="idp", outcome=outcome)
            for outcome in ("accepted", "refused", "failed")
        ]

    assert counts() == [0, 0, 0]
    scim.post("/Users", body)
    scim.post("/Users", body)
    scim.get("/Users")
    assert counts() == [1, 1, 0]
    with patch("scim_provisioning.directory.service.create", side_effect=OperationalError):
        scim.post("/Users", body)
    assert counts() == [1, 1, 1]


def test_each_operation_of_a_bulk_is_a_write(scim, grown):
    grown("scim_writes_total", connection="idp", outcome="accepted")
    grown("scim_writes_total", connection="idp", outcome="refused")
    names = ["a@example.com", "b@example.com", "a@example.com"]
    operations = [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": str(i),
            "data": {"schemas": [USER], "userName": n},
        }
        for i, n in enumerate(names)
    ]
    scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})
    assert grown("scim_writes_total", connection="idp", outcome="accepted") == 2
    assert grown("scim_writes_total", connection="idp", outcome="refused") == 1


def test_trouble_with_the_database_is_counted(scim, grown):
    grown("scim_database_unavailable_total")
    with patch("scim_provisioning.resources.query.search", side_effect=OperationalError):
        assert scim.get("/Users").status == 503
    assert grown("scim_database_unavailable_total") == 1


def test_throttled_requests_are_counted(scim, grown):
    grown("scim_throttled_total", connection="idp")
    scim.connection.rate_limit = 1
    scim.connection.save()
    statuses = [scim.get("/Users").status for _ in range(4)]
    assert grown("scim_throttled_total", connection="idp") == statuses.count(429) > 0


def test_nothing_is_counted_where_the_site_does_not_want_it(scim, grown, settings):
    grown("scim_requests_total", resource="User", method="GET", status="200")
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "METRICS": False}
    with patch("scim_provisioning.http.middleware._type_of") as looked_up:
        scim.get("/Users")
    assert grown("scim_requests_total", resource="User", method="GET", status="200") == 0
    assert not looked_up.called


def test_no_user_name_and_no_id_is_told(scim):
    made = scim.user("ada@example.com")
    scim.get(f"/Users/{made['id']}")
    scim.get("/ada@example.com")
    told = metrics.exposition()[0].decode()
    assert made["id"] not in told
    assert "@" not in told
    labels = set(re.findall(r"^scim_\w+\{(.*?)\}", told, re.MULTILINE))
    assert {name for label in labels for name in re.findall(r'(\w+)="', label)} <= {
        *("resource", "method", "status", "connection", "outcome", "le"),
    }


def ask(**meta):
    return scrape(RequestFactory().get("/metrics", **meta)).status_code


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_the_machine_itself_may_ask(address):
    assert ask(REMOTE_ADDR=address) == 200


@pytest.mark.parametrize(
    "name",
    ["FORWARDED", "VIA", "X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_FORWARDED_HOST", "X_REAL_IP"],
)
def test_a_proxy_on_the_machine_may_not(name):
    assert ask(REMOTE_ADDR="127.0.0.1", **{f"HTTP_{name}": "127.0.0.1"}) == 401


@pytest.mark.parametrize("address", ["192.0.2.1", "", "unix:"])
def test_nobody_else_may(address):
    assert ask(REMOTE_ADDR=address) == 401


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer secret", 200),
        ("bearer  secret", 200),
        ("Bearer secre", 401),
        ("Bearer ", 401),
        ("Bearer é", 401),
        ("Basic secret", 401),
        ("secret", 401),
    ],
)
def test_who_holds_the_token_may_ask_from_anywhere(settings, header, status):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "METRICS_TOKEN": "secret"}
    assert (
        ask(REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="x", HTTP_AUTHORIZATION=header) == status
    )


def test_an_empty_token_opens_nothing(settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "METRICS_TOKEN": ""}
    assert ask(REMOTE_ADDR="192.0.2.1", HTTP_AUTHORIZATION="Bearer ") == 401


def test_it_is_read_only():
    assert scrape(RequestFactory().post("/metrics", REMOTE_ADDR="127.0.0.1")).status_code == 405
