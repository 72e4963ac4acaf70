"""The overview: counts, days, what is to be mended and what is to be decided."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from scim_provisioning import rights, traffic
from scim_provisioning.models import (
    Connection,
    Finding,
    FindingKind,
    ProvisioningEvent,
    ScimUser,
)
from tests.admin.test_delegation import CONFIGURER, OPERATOR, VIEWER, person, statuses
from tests.scim_fixtures import make_client

pytestmark = pytest.mark.django_db
URL = reverse("admin:scim_provisioning_overview_changelist")


def page(client):
    return client.get(URL).content.decode()


def event(connection, status=201, days=0, **facts):
    time = timezone.now() - timedelta(days=days)
    return ProvisioningEvent.objects.create(
        connection=connection, status=status, time=time, method="POST", path="/Users", **facts
    )


def test_it_is_for_viewers_and_listed(scim, admin_client):
    assert statuses(URL) == [403, 200, 200, 200]
    assert URL in admin_client.get(reverse("admin:index")).content.decode()


def test_an_empty_site_says_so(admin_client):
    shown = page(admin_client)
    for text in ("Nothing waits", "Nothing was written", "Nothing was refused"):
        assert text in shown


def test_days_are_counted_in_the_time_zone(scim, settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    timezone.deactivate()
    event(scim.connection)
    event(scim.connection, status=409)
    event(scim.connection, days=3)
    event(scim.connection, days=40)
    days = traffic.days(30)
    assert [(day.events, day.failures) for day in days][-4:] == [(1, 0), (0, 0), (0, 0), (2, 1)]
    assert sum(day.events for day in days) == 3


def test_numbers_refusals_and_their_reasons_are_shown(scim, admin_client):
    scim.user()
    event(scim.connection, status=409, detail="The name is taken.")
    shown = page(admin_client)
    assert "The name is taken." in shown
    assert '<rect class="failed"' in shown
    assert '<th scope="row">' in shown


def test_it_costs_the_same_however_much_there_is(scim, admin_client, django_assert_num_queries):
    page(admin_client)
    with CaptureQueriesContext(database) as before:
        page(admin_client)
    number = len(before)
    for i in range(3):
        other = make_client(f"idp{i}").connection
        event(other, status=409)
        user = ScimUser.objects.get(pk=scim.user(f"u{i}@example.com")["id"])
        Finding.objects.create(kind=FindingKind.UNAPPROVED, connection=other, user=user)
    with django_assert_num_queries(number):
        page(admin_client)


@pytest.fixture
def waiting(scim, other):
    user = ScimUser.objects.get(pk=scim.user()["id"])
    kind = FindingKind.FOREIGN
    return Finding.objects.create(kind=kind, connection=other.connection, user=user)


def decide(finding):
    return reverse("admin:scim_provisioning_finding_decide", args=[finding.pk])


def test_a_finding_leads_to_its_decision(waiting, admin_client):
    assert decide(waiting) in page(admin_client)
    asked = admin_client.get(decide(waiting)).content.decode()
    assert "changes, disables and deletes ada@example.com" in asked


@pytest.mark.parametrize(
    ("level", "status", "owner"),
    [(VIEWER, 403, "idp"), (OPERATOR, 403, "idp"), (CONFIGURER, 302, "other")],
)
def test_a_link_is_allowed_by_those_who_configure(waiting, level, status, owner):
    assert person(level).post(decide(waiting), {"allow": "1"}).status_code == status
    assert ScimUser.objects.get(pk=waiting.user_id).connection.name == owner


@pytest.mark.parametrize(("level", "status"), [(VIEWER, 403), (OPERATOR, 302)])
def test_a_finding_is_put_away_by_operators(waiting, level, status):
    client = person(level)
    assert client.post(decide(waiting), {"resolve": "1"}).status_code == status
    waiting.refresh_from_db()
    assert bool(waiting.resolved) is (status == 302)
    assert LogEntry.objects.filter(user=client.person).count() == (status == 302)


def test_several_links_are_asked_about_first(waiting, admin_client):
    data = {"action": "allow_link", "_selected_action": [waiting.pk]}
    address = reverse("admin:scim_provisioning_finding_changelist")
    assert "Yes, allow" in admin_client.post(address, data).content.decode()
    assert not Finding.objects.get().allowed
    admin_client.post(address, {**data, "yes": "1"})
    assert Finding.objects.get().allowed
    assert LogEntry.objects.get().change_message == "Link allowed."


def test_what_a_viewer_may_not_see_is_left_out(waiting):
    client = person(VIEWER)
    level = rights.make_groups()[0]
    level.permissions.remove(*level.permissions.exclude(codename="view_connection"))
    shown = page(client)
    assert decide(waiting) not in shown
    assert "Refused last" not in shown


def test_links_lead_to_where_it_is_mended(scim, admin_client):
    Connection.objects.update(state="paused")
    address = reverse("admin:scim_provisioning_connection_change", args=[scim.connection.pk])
    assert f'href="{address}">Resume it.' in page(admin_client)
