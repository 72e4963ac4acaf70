"""The brake's page: who lost access, and the ways on; each asks, and is logged with the name."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from scim_provisioning.models import Connection, Finding, ScimUser, State
from tests.admin.test_delegation import OPERATOR, act, person, statuses
from tests.flows.test_brake import disable, limits, people

pytestmark = pytest.mark.django_db
__all__ = ["limits"]


def url(page, connection):
    return reverse(f"admin:scim_provisioning_connection_{page}", args=[connection.pk])


@pytest.fixture
def stopped(scim, limits):
    """A connection that disabled three, one of whom was to be a fourth."""
    for one in people(scim, 5):
        disable(scim, one)
    return scim.connection


def text(client, page, connection, **data):
    return client.get(url(page, connection), data).content.decode()


def test_it_tells_what_stopped_the_connection(admin_client, stopped):
    page = text(admin_client, "brake", stopped)
    assert "Stopped on" in page
    assert page.count("<td>disabled</td>") == 6
    assert "u0@example.com" in page
    assert "u3@example.com" not in page


def test_it_tells_that_nothing_is_wrong(admin_client, scim, limits):
    scim.user()
    page = text(admin_client, "brake", scim.connection)
    assert "The connection goes on." in page
    assert "Nobody, as far back as counts." in page
    Connection.objects.update(brake_people=0)
    assert "has no brake" in text(admin_client, "brake", scim.connection)
    Connection.objects.update(state=State.PAUSED)
    assert "paused by hand" in text(admin_client, "brake", scim.connection)


@pytest.mark.parametrize("count", [2, 40])
def test_it_costs_the_same_for_few_and_many(admin_client, scim, limits, count):
    limits(brake_people=count)
    for one in people(scim, count + 1):
        disable(scim, one)
    text(admin_client, "brake", scim.connection)
    with CaptureQueriesContext(connection) as queries:
        text(admin_client, "brake", scim.connection)
    assert len(queries) == 8


def test_letting_it_go_on_asks_and_says_what_follows(stopped):
    operator = person(OPERATOR)
    page = text(operator, "release", stopped, allowance="12")
    assert "12 more people may lose access" in page
    assert Connection.objects.get(pk=stopped.pk).state == State.PAUSED
    operator.post(url("release", stopped), {"allowance": "12"})
    row = Connection.objects.get(pk=stopped.pk)
    assert (row.state, row.brake_allowance) == (State.ACTIVE, 12)
    note = LogEntry.objects.get(user=operator.person)
    assert note.change_message == "Let go on after the brake; 12 people may lose access once."


def test_without_an_allowance_it_counts_anew(admin_client, stopped):
    assert "counts anew" in text(admin_client, "release", stopped, allowance="")
    admin_client.post(url("release", stopped), {"allowance": ""})
    assert Connection.objects.get(pk=stopped.pk).state == State.ACTIVE
    assert LogEntry.objects.get().change_message == "Let go on after the brake."


@pytest.mark.parametrize("allowance", ["-1", "many", "1e99", "9" * 30])
def test_a_bad_allowance_is_told(admin_client, stopped, allowance):
    answer = admin_client.post(url("release", stopped), {"allowance": allowance}, follow=True)
    assert 'class="error"' in answer.content.decode()
    assert Connection.objects.get(pk=stopped.pk).state == State.PAUSED


def test_taking_back_asks_and_enables_again(stopped):
    operator = person(OPERATOR)
    page = text(operator, "restore", stopped)
    assert "Enable 3 people again?" in page
    assert ScimUser.objects.filter(active=False).count() == 3
    shown = operator.post(url("restore", stopped), follow=True).content.decode()
    assert "3 people are enabled again." in shown
    assert not ScimUser.objects.filter(active=False).exists()
    assert Connection.objects.get(pk=stopped.pk).state == State.PAUSED
    note = LogEntry.objects.get(user=operator.person)
    assert note.change_message == "Enabled 3 people again."
    assert (
        "Nobody is disabled" in operator.get(url("restore", stopped), follow=True).content.decode()
    )


def test_what_could_not_be_taken_back_is_told(admin_client, stopped, monkeypatch):
    from scim_provisioning.directory import restoring

    found = restoring.Restored(0, ("someone: no.",), 2)
    monkeypatch.setattr(restoring, "restore", lambda *_: found)
    page = admin_client.post(url("restore", stopped), follow=True).content.decode()
    assert "Someone: no." in page
    assert "2 are left" in page


def test_a_connection_that_goes_on_is_not_let_go(admin_client, scim):
    page = admin_client.post(url("release", scim.connection), follow=True).content.decode()
    assert "It goes on already." in page


def test_who_may_see_and_who_may_decide(stopped):
    assert statuses(url("brake", stopped)) == [403, 200, 200, 200]
    assert statuses(url("release", stopped)) == [403, 403, 200, 200]
    assert statuses(url("restore", stopped)) == [403, 403, 200, 200]
    for page in ("release", "restore"):
        assert statuses(url(page, stopped), "post")[:2] == [403, 403]


def test_viewers_see_no_buttons(stopped):
    from tests.admin.test_delegation import VIEWER

    assert "submit" not in text(person(VIEWER), "brake", stopped).partition("content-main")[2]


def test_resuming_from_the_list_leads_to_the_page(stopped):
    operator = person(OPERATOR)
    act(operator, "resume", stopped)
    assert Connection.objects.get(pk=stopped.pk).state == State.PAUSED
    page = operator.get(reverse("admin:scim_provisioning_connection_changelist")).content.decode()
    assert url("brake", stopped) in page


def test_an_old_form_does_not_let_it_go_on(admin_client, stopped):
    form = {"name": "idp", "profile": "auto", "state": "active", "delete_policy": "keep"}
    assert admin_client.post(url("change", stopped), form).status_code == 302
    assert Connection.objects.get(pk=stopped.pk).state == State.PAUSED


def test_the_connection_leads_to_it(admin_client, stopped):
    page = text(admin_client, "change", stopped)
    assert url("brake", stopped) in page
    assert "decide how it goes on" in page
    assert admin_client.get(reverse("admin:scim_provisioning_connection_add")).status_code == 200


def test_to_decide_its_finding_is_to_decide_there(admin_client, stopped):
    finding = Finding.objects.get(kind="braked")
    where = reverse("admin:scim_provisioning_finding_decide", args=[finding.pk])
    assert admin_client.get(where).url == url("brake", stopped)
