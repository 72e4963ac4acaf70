"""The recording's switch and what it shows: for who operates, logged, and asking before it removes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from scim_provisioning.models import Connection, Exchange
from tests.admin.test_delegation import OPERATOR, VIEWER, person, statuses, url

pytestmark = pytest.mark.django_db
LIST = "/admin/scim_provisioning/exchange/"


@pytest.fixture
def recorded(scim):
    """A client whose exchanges are recorded, and one that was."""
    Connection.objects.update(records_until=timezone.now() + timedelta(hours=1))
    scim.user("<b>ada</b>@example.com", title="</pre><script>alert(1)</script>", password="hunter2")
    return scim


def text(client, address, **data):
    return client.get(address, data).content.decode()


def opened(exchange):
    return f"{LIST}{exchange.pk}/change/"


def test_it_is_switched_on_for_a_time_and_off(scim):
    operator, page = person(OPERATOR), url("recording", scim.connection.pk)
    assert "Off" in text(operator, url("change", scim.connection.pk))
    told = operator.post(page, {"hours": "4"}, follow=True).content.decode()
    assert "recorded from now on" in told
    until = Connection.objects.get().records_until
    assert timedelta(hours=3) < until - timezone.now() <= timedelta(hours=4)
    assert "Until" in text(operator, url("change", scim.connection.pk))
    scim.get("/Users")
    assert Exchange.objects.count() == 1
    operator.post(url("stop_recording", scim.connection.pk))
    scim.get("/Users")
    assert Exchange.objects.count() == 1
    notes = LogEntry.objects.filter(user=operator.person).values_list("change_message", flat=True)
    assert [note.partition(" until")[0] for note in notes.order_by("pk")] == [
        "Whole exchanges are recorded",
        "Whole exchanges are recorded no more.",
    ]


@pytest.mark.parametrize("hours", ["", "0", "-1", "1000", "many"])
def test_a_time_that_is_not_offered_is_refused(admin_client, scim, hours):
    page = admin_client.post(url("recording", scim.connection.pk), {"hours": hours})
    assert "errorlist" in page.content.decode()
    assert Connection.objects.get().records_until is None


def test_only_a_post_stops_it(admin_client, recorded):
    admin_client.get(url("stop_recording", recorded.connection.pk))
    assert Connection.objects.get().records_until


def test_removing_asks_and_is_logged(recorded, other):
    Connection.objects.update(records_until=timezone.now() + timedelta(hours=1))
    other.get("/Users")
    operator, page = person(OPERATOR), url("remove_recorded", recorded.connection.pk)
    assert "Remove 1 recorded exchange?" in text(operator, page)
    assert Exchange.objects.count() == 2
    assert "1 exchange is removed." in operator.post(page, follow=True).content.decode()
    assert Exchange.objects.get().connection == other.connection
    assert LogEntry.objects.get().change_message == "Removed 1 recorded exchanges."


def test_who_may_see_and_who_may_switch(recorded):
    key, exchange = recorded.connection.pk, Exchange.objects.get()
    for page in ("recording", "remove_recorded"):
        assert statuses(url(page, key)) == [403, 403, 200, 200]
    assert statuses(LIST) == [403, 403, 200, 200]
    assert statuses(opened(exchange)) == [403, 403, 200, 200]
    assert statuses(f"{LIST}add/") == [403] * 4
    assert statuses(f"{LIST}{exchange.pk}/delete/") == [403] * 4
    assert statuses(url("recording", key), "post") == [403, 403, 200, 200]
    for page in ("stop_recording", "remove_recorded"):
        assert statuses(url(page, key), "post") == [403, 403, 302, 302]


def test_request_and_answer_are_shown_and_nothing_of_them_is_markup(admin_client, recorded):
    page = text(admin_client, opened(Exchange.objects.get()))
    assert "POST /rest/scim/v2/Users" in page
    assert "&quot;userName&quot;: &quot;&lt;b&gt;ada&lt;/b&gt;@example.com&quot;" in page
    assert "&quot;password&quot;: &quot;[hidden]&quot;" in page
    assert "Authorization: Bearer [hidden]" in page
    assert "<script>alert" not in page
    assert "hunter2" not in page


def test_why_there_is_no_body_is_said(admin_client, recorded):
    recorded.get("/Users?filter=title pr")
    page = text(admin_client, opened(Exchange.objects.first()))
    assert "There was none." in page
    recorded.send("POST", "/Users", "[]")
    assert "no JSON object" in text(admin_client, opened(Exchange.objects.first()))


@pytest.mark.parametrize(("method", "found"), [("POST", 1), ("GET", 2), ("HEAD", 0)])
def test_exchanges_are_filtered_by_method(admin_client, recorded, method, found):
    recorded.get("/Users")
    recorded.get("/Groups")
    page = admin_client.get(LIST, {"method": method})
    assert len(page.context["cl"].result_list) == found


def test_half_a_surrogate_pair_can_be_looked_at(admin_client, recorded):
    recorded.send("POST", "/Users", '{"title": "\\ud800"}')
    assert "\\ud800" in text(admin_client, opened(Exchange.objects.first()))


def test_the_event_leads_to_it_and_it_to_the_event(admin_client, recorded):
    event, exchange = recorded.connection.events.get(), Exchange.objects.get()
    page = reverse("admin:scim_provisioning_provisioningevent_change", args=[event.pk])
    assert opened(exchange) in text(admin_client, page)
    assert "Recorded" not in text(person(VIEWER), page)
    found = text(admin_client, opened(exchange))
    assert f"provisioningevent/?q={event.request_id}" in found
    exchange.delete()
    assert "It was not recorded." in text(admin_client, page)


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_reads_no_bodies_and_costs_the_same(admin_client, recorded, count):
    for _ in range(count):
        recorded.get("/Users")
    text(admin_client, LIST)
    with CaptureQueriesContext(connection) as queries:
        text(admin_client, LIST)
    assert len(queries) == 5
    assert not any("body" in query["sql"] for query in queries)


def test_a_full_one_says_so(admin_client, recorded, settings):
    page = url("recording", recorded.connection.pk)
    assert "no more is recorded" not in text(admin_client, page)
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "EXCHANGE_TOTAL_SIZE": 100}
    assert "no more is recorded" in text(admin_client, page)
