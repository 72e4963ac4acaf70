"""The administrator's pages: each opens, costs the same for 1 row and 50, and keeps its promises."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from scim_provisioning.models import (
    Connection,
    Finding,
    PersonalAccessToken,
    ProvisioningEvent,
    RequestCount,
    ScimUser,
    State,
)
from tests.scim_client import USER

pytestmark = pytest.mark.django_db

MODELS = [
    "connection", "personalaccesstoken", "scimuser", "scimgroup", "provisioningevent",
    "requestcount", "finding",
]  # fmt: skip


def url(model, page="changelist", *args):
    return reverse(f"admin:scim_provisioning_{model}_{page}", args=args)


@pytest.fixture
def rows(scim, request):
    """A directory with as many rows of each kind as the test asks for."""
    for i in range(request.param):
        user = scim.user(f"u{i}@example.com", emails=[{"value": f"u{i}@example.com"}])
        scim.group(f"Group {i}", [user["id"]])
        Finding.objects.create(kind="drift", user_id=user["id"], connection=scim.connection)
        RequestCount.objects.create(
            minute="2026-01-01T00:00:00Z", connection=scim.connection, method="GET", status=200
        )
        PersonalAccessToken.objects.create(
            owner=scim.connection.acting_user,
            digest=str(i),
            hint="kvp_",
            expires="2030-01-01T00:00:00Z",
        )
    return request.param


@pytest.mark.parametrize("rows", [1, 50], indirect=True)
@pytest.mark.parametrize("model", MODELS)
def test_lists_run_a_constant_number_of_statements(admin_client, rows, model):
    admin_client.get(url(model))
    with CaptureQueriesContext(connection) as queries:
        assert admin_client.get(url(model)).status_code == 200
    assert len(queries) <= 9


@pytest.mark.parametrize("rows", [1], indirect=True)
@pytest.mark.parametrize("model", MODELS)
def test_every_row_opens(admin_client, rows, model):
    classes = {
        m._meta.model_name: m
        for m in Connection._meta.apps.get_app_config("scim_provisioning").get_models()
    }
    row = classes[model].objects.first()
    assert admin_client.get(url(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", ["provisioningevent", "requestcount", "finding", "scimuser"])
def test_nothing_is_added_by_hand(admin_client, model):
    assert admin_client.get(url(model, "add")).status_code == 403


@pytest.mark.parametrize("rows", [1], indirect=True)
def test_events_cannot_be_changed_or_removed(admin_client, rows):
    event = ProvisioningEvent.objects.first()
    assert admin_client.post(url("provisioningevent", "change", event.pk), {}).status_code == 403
    assert admin_client.post(url("provisioningevent", "delete", event.pk)).status_code == 403


def act(client, model, action, *keys, **more):
    data = {"action": action, "_selected_action": [str(key) for key in keys], **more}
    return client.post(url(model), data, follow=True)


def test_pause_and_resume(scim, admin_client):
    key = scim.connection.pk
    act(admin_client, "connection", "pause", key, yes="1")
    assert Connection.objects.get(pk=key).state == State.PAUSED
    act(admin_client, "connection", "resume", key)
    assert Connection.objects.get(pk=key).state == State.ACTIVE


def token_form(scim, **changes):
    data = {"owner": scim.connection.acting_user.pk, "description": "x", "scopes": "scim"}
    data |= {"expires_0": "2030-01-01", "expires_1": "00:00:00"}
    return {**data, **changes}


def test_a_token_is_shown_once(scim, admin_client):
    page = admin_client.post(url("personalaccesstoken", "add"), token_form(scim), follow=True)
    row = PersonalAccessToken.objects.latest("pk")
    assert page.content.decode().count("kvp_") >= 1
    again = admin_client.get(url("personalaccesstoken", "change", row.pk)).content.decode()
    assert row.digest not in again


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": "x"},
        {"expires_0": "2020-01-01"},
        {"expires_0": ""},
        {"expires_0": "9999-12-31", "expires_1": "23:59:59"},
    ],
)
def test_a_token_that_could_do_nothing_or_never_ends_is_refused(
    scim, admin_client, settings, changes
):
    settings.TIME_ZONE = "America/New_York"
    count = PersonalAccessToken.objects.count()
    page = admin_client.post(url("personalaccesstoken", "add"), token_form(scim, **changes))
    assert "errorlist" in page.content.decode()
    assert PersonalAccessToken.objects.count() == count


def test_a_revoked_token_is_refused(scim, admin_client):
    row = PersonalAccessToken.objects.get()
    asked = act(admin_client, "personalaccesstoken", "revoke", row.pk)
    assert "Yes, end them" in asked.content.decode()
    assert scim.get("/Users").status == 200
    act(admin_client, "personalaccesstoken", "revoke", row.pk, yes="1")
    assert scim.get("/Users").status == 401


def test_of_more_tokens_than_a_form_holds_the_first_are_revoked(scim, admin_client):
    known = PersonalAccessToken.objects.get()
    facts = {"owner": known.owner, "scopes": "scim", "expires": known.expires}
    PersonalAccessToken.objects.bulk_create(
        PersonalAccessToken(digest=f"{n:064}", hint=f"kvp_{n}", **facts) for n in range(1100)
    )
    everything = {"select_across": "1"}
    asked = act(admin_client, "personalaccesstoken", "revoke", known.pk, **everything)
    assert "601 more are left for the next time." in asked.text
    keys = [value for name, value in asked.context["hidden"] if name == "_selected_action"]
    done = act(admin_client, "personalaccesstoken", "revoke", *keys, yes="1")
    assert "500 tokens revoked." in done.text


def test_a_token_is_changed_by_its_form(scim, admin_client):
    row = PersonalAccessToken.objects.get()
    data = token_form(scim, description="changed")
    admin_client.post(url("personalaccesstoken", "change", row.pk), data)
    row.refresh_from_db()
    assert row.description == "changed"
    assert scim.get("/Users").status == 200


@pytest.mark.scim("A023")
def test_tokens_are_for_those_who_configure_connections(scim, client):
    model = get_user_model()
    user = model.objects.create(**{model.USERNAME_FIELD: "helper", "is_staff": True})
    user.user_permissions.set(Permission.objects.filter(codename__contains="personalaccesstoken"))
    client.force_login(user)
    assert client.get(url("personalaccesstoken", "add")).status_code == 403


def test_an_owner_is_moved(scim, other, admin_client):
    user = scim.user()
    data = {"connection": other.connection.pk}
    for prefix in ("values_of", "external_ids"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    admin_client.post(url("scimuser", "change", user["id"]), data)
    assert ScimUser.objects.get(pk=user["id"]).connection == other.connection


def test_an_owner_of_a_group_is_moved(scim, other, admin_client):
    group = scim.group()
    data = {
        "connection": other.connection.pk,
        "external_ids-TOTAL_FORMS": 0,
        "external_ids-INITIAL_FORMS": 0,
    }
    admin_client.post(url("scimgroup", "change", group["id"]), data)
    assert other.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"}).status == 204


def test_an_allowed_link_lets_the_connection_in(scim, admin_client):
    model = get_user_model()
    user = model(**{model.USERNAME_FIELD: "staff@example.com", "is_staff": True})
    user.save()
    scim.post("/Users", {"schemas": [USER], "userName": "staff@example.com"})
    finding = Finding.objects.get()
    act(admin_client, "finding", "allow_link", finding.pk, yes="1")
    found = scim.get('/Users?filter=userName eq "staff@example.com"').body["Resources"][0]
    change = {"op": "replace", "path": "title", "value": "Lead"}
    assert scim.patch(f"/Users/{found['id']}", change).status == 200
    user.save()
    assert scim.get(f"/Users/{found['id']}").status == 200


def test_a_finding_without_a_link_is_resolved(scim, admin_client):
    user = scim.user()
    finding = Finding.objects.create(kind="drift", user_id=user["id"])
    act(admin_client, "finding", "allow_link", finding.pk, yes="1")
    finding.refresh_from_db()
    assert not finding.allowed
    act(admin_client, "finding", "resolve", finding.pk, yes="1")
    finding.refresh_from_db()
    assert finding.resolved


def test_a_group_shows_what_it_is_within(scim, admin_client, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "NESTED_GROUPS": True}
    inner = scim.group("Inner")["id"]
    middle = scim.group("Middle", [inner])["id"]
    outer = scim.group("Outer", [middle])["id"]
    expected = {
        inner: ["-", "Middle, Outer"],
        middle: ["Inner", "Outer"],
        outer: ["Inner, Middle", "-"],
    }
    for identifier, names in expected.items():
        page = admin_client.get(url("scimgroup", "change", identifier)).content.decode()
        shown = re.search(
            r'field-holds.*?readonly">(.*?)<.*?field-held_by.*?readonly">(.*?)<', page, re.S
        )
        assert list(shown.groups()) == names
