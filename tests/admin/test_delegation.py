"""Three levels: who views, who operates, who configures; every page and action with each."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from scim_provisioning import rights
from scim_provisioning.models import Connection, State

pytestmark = pytest.mark.django_db
NOBODY, VIEWER, OPERATOR, CONFIGURER = range(4)


def url(page, *keys, model="connection"):
    return reverse(f"admin:scim_provisioning_{model}_{page}", args=keys)


def person(level):
    """A client of a member of staff of one of the suggested groups."""
    model = get_user_model()
    name = {model.USERNAME_FIELD: f"level{level}@example.com"}
    user, _made = model._default_manager.get_or_create(**name, defaults={"is_staff": True})
    if level:
        user.groups.add(rights.make_groups()[level - 1])
    client = Client()
    client.force_login(user)
    client.person = user
    return client


def statuses(address, method="get", data=None):
    return [getattr(person(level), method)(address, data or {}).status_code for level in range(4)]


@pytest.mark.parametrize("model", rights.SEEN)
def test_lists_are_for_viewers_and_above(scim, model):
    assert statuses(url("changelist", model=model)) == [403, 200, 200, 200]


@pytest.mark.parametrize("model", [m for m in rights.CONFIGURED if m not in rights.SEEN])
def test_what_opens_connections_is_for_those_who_configure(scim, model):
    assert statuses(url("changelist", model=model)) == [403, 403, 403, 200]


def test_the_pages_of_a_connection(scim):
    key = scim.connection.pk
    assert statuses(url("credentials", key)) == [403, 200, 200, 200]
    assert statuses(url("new_credential", key, "token")) == [403, 403, 200, 200]
    assert statuses(url("change", key)) == [403, 200, 200, 200]
    assert statuses(url("add")) == [403, 403, 403, 200]
    assert statuses(url("delete", key)) == [403, 403, 403, 200]


def test_the_pages_that_set_a_connection_up(scim):
    key = scim.connection.pk
    assert statuses(url("set_up", key)) == [403, 200, 200, 200]
    assert statuses(url("guide", key, "okta-basic")) == [403, 200, 200, 200]
    # There is a token already: the way goes back to the steps.
    assert statuses(url("guide", key, "okta-basic"), "post") == [403, 403, 302, 302]
    assert statuses(url("test", key, "okta-basic")) == [403, 403, 200, 200]


def test_a_viewer_is_offered_nothing_to_make_or_test(scim):
    scim.connection.acting_user.personal_access_tokens.all().delete()
    address = url("guide", scim.connection.pk, "okta-basic")
    shown = [person(level).get(address).content.decode() for level in (VIEWER, OPERATOR)]
    assert ["Make it" in page for page in shown] == [False, True]
    assert [url("test", scim.connection.pk, "okta-basic") in page for page in shown] == [
        False,
        True,
    ]


def test_operating_changes_no_setting(scim):
    form = {"name": "Other", "profile": "auto", "state": "active", "delete_policy": "erase"}
    assert statuses(url("change", scim.connection.pk), "post", form) == [403, 403, 403, 302]


def act(client, name, connection, **extra):
    data = {"action": name, "_selected_action": [connection.pk], **extra}
    return client.post(url("changelist"), data)


@pytest.mark.parametrize(
    ("level", "state"),
    [(NOBODY, "active"), (VIEWER, "active"), (OPERATOR, "paused"), (CONFIGURER, "paused")],
)
def test_pausing_is_for_operators_and_above(scim, level, state):
    act(person(level), "pause", scim.connection, yes="1")
    assert Connection.objects.get().state == state


def test_pausing_asks_first_and_is_logged_with_the_name(scim):
    operator = person(OPERATOR)
    page = act(operator, "pause", scim.connection).content.decode()
    assert "Nothing is lost" in page
    assert Connection.objects.get().state == State.ACTIVE
    act(operator, "pause", scim.connection, yes="1")
    act(operator, "resume", scim.connection)
    assert Connection.objects.get().state == State.ACTIVE
    noted = LogEntry.objects.filter(user=operator.person).order_by("pk")
    assert [entry.change_message for entry in noted] == ["Paused.", "Resumed."]


def ended(model, action, row):
    """Ask, say yes, and return the page that asked, and who is in the log."""
    boss = person(CONFIGURER)
    data = {"action": action, "_selected_action": [row.pk]}
    asked = boss.post(url("changelist", model=model), data).content.decode()
    assert not LogEntry.objects.exists()
    boss.post(url("changelist", model=model), {**data, "yes": "1"})
    entry = LogEntry.objects.get()
    assert entry.user == boss.person
    return asked, entry.change_message


def test_revoking_a_token_asks_first_and_is_logged(scim):
    row = scim.connection.acting_user.personal_access_tokens.get()
    asked, logged = ended("personalaccesstoken", "revoke", row)
    assert "refused, for good" in asked
    assert logged == f"Revoked {row.hint}."
    assert scim.get("/Users").status == 401


def test_disabling_an_application_asks_first_and_is_logged(issuer):
    asked, logged = ended("oidcapplication", "disable", issuer.application)
    assert "signed out" in asked
    assert logged == "Disabled."


def test_pausing_what_is_paused_changes_nothing(scim):
    Connection.objects.update(state=State.PAUSED)
    act(person(OPERATOR), "pause", scim.connection)
    assert not LogEntry.objects.exists()


def test_who_configures_may_operate_without_being_told_so():
    user = person(NOBODY).person
    user.user_permissions.add(Permission.objects.get(codename="change_connection"))
    fresh = get_user_model()._default_manager.get(pk=user.pk)
    assert (rights.may_operate(fresh), rights.may_configure(fresh)) == (True, True)


def test_the_groups_are_made_once_and_keep_what_was_added():
    out = StringIO()
    call_command("provisioning_groups", stdout=out)
    group = Group.objects.get(name="Provisioning viewers")
    extra = Permission.objects.get(codename="view_customattribute")
    group.permissions.add(extra)
    call_command("provisioning_groups", "--json", stdout=(out := StringIO()))
    assert list(json.loads(out.getvalue())) == [level.name for level in rights.levels()]
    assert extra in group.permissions.all()
    assert Group.objects.count() == 3
