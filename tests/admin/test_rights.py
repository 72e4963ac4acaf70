"""Who may do what on the administrator's pages, and which accounts a connection may act as."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from scim_provisioning import auth, connections
from scim_provisioning.auth import opaque, personal_tokens
from scim_provisioning.models import Connection, ExternalId, PersonalAccessToken, ScimUser
from tests.admin.people import account, staff

pytestmark = pytest.mark.django_db


def url(model, page="changelist", *args):
    return reverse(f"admin:scim_provisioning_{model}_{page}", args=args)


def owner_form(connection, **changes):
    data = {"connection": connection.pk, **changes}
    for prefix in ("values_of", "external_ids"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return data


def test_who_may_see_a_user_sees_the_rows_below(scim):
    row = ScimUser.objects.get(pk=scim.user(emails=[{"value": "ada@work.example"}])["id"])
    page = staff("view_scimuser").get(url("scimuser", "change", row.pk))
    assert "ada@work.example" in page.text


@pytest.mark.parametrize(("extra", "linked"), [([], False), (["allow_link"], True)])
def test_only_who_may_allow_links_marks_an_account(scim, extra, linked):
    row = ScimUser.objects.get(user=account("boss", is_superuser=True, is_staff=True))
    form = owner_form(scim.connection, link_allowed="on")
    client = staff("view_scimuser", "change_scimuser", *extra)
    assert client.post(url("scimuser", "change", row.pk), form).status_code == 302
    row.refresh_from_db()
    assert row.link_allowed is linked


@pytest.mark.parametrize(("extra", "owned"), [([], False), (["allow_link"], True)])
@pytest.mark.parametrize("kind", ["user", "group"])
def test_only_who_may_allow_links_hands_out_what_holds_permissions(scim, kind, extra, owned):
    resource = account("editor") if kind == "user" else Group.objects.create(name="Editors")
    held = resource.user_permissions if kind == "user" else resource.permissions
    held.set(Permission.objects.all()[:1])
    client = staff(f"view_scim{kind}", f"change_scim{kind}", *extra)
    path = url(f"scim{kind}", "change", resource.scim.pk)
    assert client.post(path, owner_form(scim.connection)).status_code == 302
    resource.scim.refresh_from_db()
    assert (resource.scim.connection is not None) is owned
    rename = {"op": "replace", "path": "title" if kind == "user" else "displayName", "value": "x"}
    answer = scim.patch(f"/{kind.title()}s/{resource.scim.pk}", rename)
    assert (answer.status < 300) is owned


@pytest.mark.parametrize("page", ["add", "change", "delete"])
def test_tokens_are_for_those_who_configure_connections(scim, page):
    row = PersonalAccessToken.objects.get()
    client = staff(*(f"{p}_personalaccesstoken" for p in ("add", "change", "delete")))
    keys = [] if page == "add" else [row.pk]
    assert client.post(url("personalaccesstoken", page, *keys), {"post": "yes"}).status_code == 403
    assert scim.get("/Users").status == 200


def connection_form(**changes):
    data = {"name": "Okta", "profile": "okta", "state": "active", "delete_policy": "keep"}
    return {**data, "acting_user": "", **changes}


def test_a_connection_is_made_with_its_user_and_token(admin_client):
    page = admin_client.post(url("connection", "add"), connection_form(), follow=True)
    row = Connection.objects.get()
    assert not row.acting_user.has_usable_password()
    token = page.content.decode().partition("kvp_")[2][:49]
    assert auth.authenticate(f"Bearer kvp_{token}", None).connection_id == row.pk


def test_a_named_account_acts_for_a_connection_with_a_token_of_its_own(admin_client):
    user = account("service")
    _, old = personal_tokens.create(user, scopes="")
    admin_client.post(url("connection", "add"), connection_form(acting_user=user.pk))
    assert Connection.objects.get().acting_user == user
    live = PersonalAccessToken.objects.get(revoked=None)
    assert (live.scopes, live.digest != opaque.digest(old)) == ("scim", True)


@pytest.mark.parametrize(
    "fields", [{"is_staff": True}, {"is_superuser": True}, {"is_active": False}], ids=str
)
def test_accounts_that_cannot_act_are_refused(admin_client, fields):
    form = connection_form(acting_user=account("person", **fields).pk)
    assert "errorlist" in admin_client.post(url("connection", "add"), form).content.decode()
    assert not Connection.objects.exists()


def test_an_account_that_a_connection_provisioned_is_refused(scim, admin_client):
    user = ScimUser.objects.get(pk=scim.user()["id"]).user
    admin_client.post(url("connection", "add"), connection_form(acting_user=user.pk))
    assert not Connection.objects.filter(name="Okta").exists()


def test_why_no_account_could_be_made_is_said(admin_client, monkeypatch):
    def refuse(name):
        raise connections.ConnectionProblem("Why.")

    monkeypatch.setattr(connections, "new_acting_user", refuse)
    page = admin_client.post(url("connection", "add"), connection_form(), follow=True)
    assert "Why." in page.content.decode()
    assert not Connection.objects.exists()


def test_the_acting_user_stays(scim, admin_client):
    before = scim.connection.acting_user_id
    form = connection_form(acting_user=account("another").pk)
    admin_client.post(url("connection", "change", scim.connection.pk), form)
    row = Connection.objects.get()
    assert (row.name, row.acting_user_id) == ("Okta", before)


def test_a_connection_goes_and_its_users_stay(scim, admin_client):
    scim.user(externalId="x-1")
    page = admin_client.get(url("connection", "delete", scim.connection.pk)).content.decode()
    assert "x-1" not in page
    admin_client.post(url("connection", "delete", scim.connection.pk), {"post": "yes"})
    assert not ExternalId.objects.exists()
    assert ScimUser.objects.filter(user_name="ada@example.com", connection=None).exists()


def test_connections_are_not_removed_without_the_right(scim):
    client = staff("view_connection", "change_connection")
    gone = client.post(url("connection", "delete", scim.connection.pk), {"post": "yes"})
    assert gone.status_code == 403
    assert Connection.objects.exists()
