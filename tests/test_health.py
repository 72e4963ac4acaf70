"""What is wrong now: each problem appears with its cause, and goes with it."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from scim_provisioning import health
from scim_provisioning.health import Severity
from scim_provisioning.models import (
    Connection,
    OIDCApplication,
    PersonalAccessToken,
    ProvisioningEvent,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now


def told(rows=None):
    return [(p.severity, p.title) for p in (rows or health.of_connections())]


def has(text, severity):
    return any(text in title and found is severity for found, title in told())


def change(**fields):
    Connection.objects.update(**fields)


@pytest.fixture(autouse=True)
def well(scim):
    """A connection that was seen just now and has nothing wrong."""
    change(last_seen=NOW())
    assert told() == []
    return scim.connection


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://portal.example.com", "not https"),
        ("https://localhost", "not public"),
        ("https://portal", "not public"),
        ("https://portal.internal", "not public"),
        ("https://10.0.0.1", "not public"),
        ("https://my_portal.example.com", "underscore"),
        ("https://portal.example.com", ""),
    ],
)
def test_the_base_url(settings, url, text):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "PUBLIC_URL": url}
    found = list(health.of_address("http://testserver"))
    assert bool(found) is bool(text)
    assert all(text in problem.title for problem in found)


@pytest.mark.parametrize(
    ("profile", "ago", "severity"),
    [
        ("entra", timedelta(hours=1), None),
        ("entra", timedelta(hours=3), Severity.WARNING),
        ("okta", timedelta(hours=3), None),
        ("okta", timedelta(days=8), Severity.NOTICE),
    ],
)
def test_silence(profile, ago, severity):
    change(last_seen=NOW() - ago, profile=profile)
    assert told() == ([] if severity is None else [(severity, "idp is silent.")])


def test_a_connection_that_never_came():
    change(last_seen=None)
    assert told() == []
    change(created=NOW() - timedelta(days=2))
    assert has("has arrived yet", Severity.NOTICE)


def events(connection, number, status, **facts):
    ProvisioningEvent.objects.bulk_create(
        ProvisioningEvent(connection=connection, status=status, method="POST", path="/x", **facts)
        for _ in range(number)
    )


@pytest.mark.parametrize(("failed", "is_told"), [(1, False), (2, True)])
def test_failures_above_five_percent(well, failed, is_told):
    events(well, 30 - failed, 201)
    events(well, failed, 409)
    assert has("requests failed", Severity.WARNING) is is_told


def test_old_failures_are_past(well):
    events(well, 100, 409, time=NOW() - timedelta(days=2))
    assert told() == []


@pytest.mark.parametrize(("profile", "is_told"), [("entra", True), ("okta", False)])
def test_the_way_to_quarantine(well, profile, is_told):
    change(profile=profile)
    events(well, 1000, 409)
    events(well, 1000, 201)
    assert has("quarantine", Severity.CRITICAL) is is_told


@pytest.mark.parametrize(("days", "severity"), [(5, 0), (20, 1), (80, 2), (200, None)], ids=str)
def test_a_credential_that_ends(days, severity):
    PersonalAccessToken.objects.update(expires=NOW() + timedelta(days=days))
    assert [found for found, _ in told()] == ([] if severity is None else [severity])


def test_a_connection_without_credentials():
    PersonalAccessToken.objects.update(revoked=NOW())
    assert has("no live credential", Severity.CRITICAL)


def test_a_paused_connection_is_not_silent():
    change(state="paused", last_seen=NOW() - timedelta(days=30))
    assert [severity for severity, _ in told()] == [Severity.NOTICE]


def test_a_token_from_the_future_tells_of_the_clocks(issuer, scim):
    token = issuer.token(iat=time.time() + 3600, exp=time.time() + 7200)
    for _ in range(2):
        assert scim.get("/Users", authorization=f"Bearer {token}").status == 401
    row = OIDCApplication.objects.get()
    assert row.skewed is not None
    assert [problem.since for problem in health.of_applications()] == [row.skewed]


def test_a_forged_token_from_the_future_tells_nothing(issuer, scim):
    head, claims, _ = issuer.token(iat=time.time() + 3600, exp=time.time() + 7200).split(".")
    scim.get("/Users", authorization=f"Bearer {head}.{claims}.c2lnbmF0dXJl")
    assert not list(health.of_applications())


def test_the_most_urgent_comes_first():
    PersonalAccessToken.objects.update(revoked=NOW())
    found = [problem.severity for problem in health.problems("http://localhost")]
    assert found == sorted(found)
