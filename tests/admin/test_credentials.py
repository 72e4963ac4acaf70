"""The administrator's pages of a connection's credentials."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scim_provisioning import credential_list, credentials
from scim_provisioning.credentials import Kind
from scim_provisioning.models import ClientSecret, PersonalAccessToken
from tests.admin.people import staff
from tests.oauth_client import OAuthClient, make_oauth

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"kv[ps]_[0-9A-Za-z]{49}")


def url(name, scim, *arguments):
    page = f"admin:scim_provisioning_connection_{name}"
    return reverse(page, args=[scim.connection.pk, *arguments])


def live(scim):
    return " ".join(row.key for row in credential_list.listed(scim.connection) if row.is_live)


def new(client, scim, kind, **fields):
    page = client.get(url("new_credential", scim, kind))
    seen = page.context["form"]["seen"].value()
    return client.post(url("new_credential", scim, kind), {"days": "365", "seen": seen, **fields})


def test_the_list_shows_each_credential_and_no_secret(scim, admin_client):
    oauth = make_oauth(scim)
    scim.get("/Users")
    PersonalAccessToken.objects.update(expires=timezone.now() + timedelta(days=5))
    page = admin_client.get(url("credentials", scim)).content.decode()
    for shown in ("ends within 7 days", "127.0.0.1", "client:", oauth.client_id, "/oauth/token"):
        assert shown in page
    assert not SECRET.search(page)


def test_connections_are_listed_with_a_warning_before_a_credential_ends(scim, other, admin_client):
    end = timezone.now() + timedelta(days=20)
    PersonalAccessToken.objects.filter(owner=scim.connection.acting_user).update(expires=end)
    make_oauth(scim)
    other.connection.acting_user.personal_access_tokens.update(revoked=timezone.now())
    page = admin_client.get(reverse("admin:scim_provisioning_connection_changelist"))
    assert page.content.decode().count("within 30 days") == 1
    rows = {row.name: row.ends for row in page.context["cl"].result_list}
    assert rows == {"idp": end, "other": None}


def test_the_way_to_the_list_is_on_the_connections_page(scim, admin_client):
    page = admin_client.get(url("change", scim)).content.decode()
    assert url("credentials", scim) in page


@pytest.mark.parametrize("rows", [1, 6])
def test_the_list_costs_the_same_however_long_it_is(
    scim, admin_client, rows, django_assert_max_num_queries
):
    for _ in range(rows):
        credentials.make(scim.connection, Kind.TOKEN)
    with django_assert_max_num_queries(10):
        admin_client.get(url("credentials", scim))


def test_a_client_secret_is_made_shown_once_and_works(scim, admin_client):
    answer = new(admin_client, scim, Kind.CLIENT)
    secret = SECRET.search(answer.content.decode())[0]
    assert "no-store" in answer["Cache-Control"]
    client_id = credentials.client_id(scim.connection)
    assert client_id in answer.content.decode()
    oauth = OAuthClient(scim, client_id, secret)
    assert oauth.ask(**oauth.body).status_code == 200


def test_a_rotated_token_is_shown_once_and_the_old_one_lives_on(scim, admin_client):
    answer = new(admin_client, scim, Kind.TOKEN, old="7")
    old = scim.token
    scim.token = SECRET.search(answer.content.decode())[0]
    for token in (old, scim.token):
        assert scim.get("/Users", authorization=f"Bearer {token}").status == 200
    first = PersonalAccessToken.objects.earliest("pk")
    assert first.expires < timezone.now() + timedelta(days=8)


@pytest.mark.parametrize(("old", "alive"), [("0", 1), ("keep", 2)])
def test_old_ones_end_or_stay_as_chosen(scim, admin_client, old, alive):
    new(admin_client, scim, Kind.TOKEN, old=old)
    assert len(live(scim).split()) == alive


def test_a_form_that_is_sent_again_makes_nothing(scim, admin_client):
    seen = live(scim)
    data = {"days": "365", "old": "7", "seen": seen}
    path = url("new_credential", scim, Kind.TOKEN)
    assert SECRET.search(admin_client.post(path, data).content.decode())
    again = admin_client.post(path, data).content.decode()
    assert "have changed since" in again
    assert not SECRET.search(again)
    assert PersonalAccessToken.objects.count() == 2


def test_a_third_client_secret_is_refused_on_the_form(scim, admin_client):
    new(admin_client, scim, Kind.CLIENT)
    new(admin_client, scim, Kind.CLIENT, old="7")
    page = new(admin_client, scim, Kind.CLIENT, old="7").content.decode()
    assert "Two client secrets are live already" in page
    assert ClientSecret.objects.count() == 2


@pytest.mark.parametrize("fields", [{"days": "1"}, {"days": "x"}, {"days": ""}, {"old": "x"}])
def test_what_is_no_choice_is_refused(scim, admin_client, fields):
    page = new(admin_client, scim, Kind.TOKEN, **{"old": "7", **fields}).content.decode()
    assert "errorlist" in page
    assert PersonalAccessToken.objects.count() == 1


def test_revoking_asks_first(scim, admin_client):
    path = url("revoke_credential", scim, live(scim))
    assert "Yes, end it" in admin_client.get(path).content.decode()
    assert scim.get("/Users").status == 200
    admin_client.post(path)
    assert scim.get("/Users").status == 401
    assert "ended already" in admin_client.get(path, follow=True).content.decode()


@pytest.mark.parametrize("key", ["token:0", "token:x", "nosuch:1", "client:1"])
def test_what_is_not_there_is_not_revoked(scim, admin_client, key):
    page = admin_client.post(url("revoke_credential", scim, key), follow=True)
    assert "ended already" in page.content.decode()
    assert scim.get("/Users").status == 200


def test_another_connections_credential_is_not_revoked(scim, other, admin_client):
    admin_client.post(url("revoke_credential", scim, live(other)))
    assert other.get("/Users").status == 200


def test_an_unknown_kind_is_not_found(scim, admin_client):
    assert admin_client.get(url("new_credential", scim, "password")).status_code == 404


def test_who_may_only_look_changes_nothing(scim):
    client = staff("view_connection")
    page = client.get(url("credentials", scim))
    assert page.status_code == 200
    assert "/new/" not in page.content.decode()
    for path in (
        url("new_credential", scim, "token"),
        url("revoke_credential", scim, live(scim)),
    ):
        assert client.get(path).status_code == 403
        assert client.post(path, {"days": "365", "old": "0", "seen": live(scim)}).status_code == 403
    assert scim.get("/Users").status == 200


def test_who_may_not_look_sees_nothing(scim):
    assert staff("view_finding").get(url("credentials", scim)).status_code == 403
    assert Client().get(url("credentials", scim)).status_code == 302


def test_what_was_done_is_logged_without_the_secret(scim, admin_client):
    secret = SECRET.search(new(admin_client, scim, Kind.TOKEN, old="7").content.decode())[0]
    admin_client.post(url("revoke_credential", scim, live(scim).split()[0]))
    made, revoked = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert made.startswith("Made token:")
    assert revoked.startswith("Revoked token:")
    assert secret not in made + revoked


def test_a_new_connections_token_is_in_no_message(admin_client):
    data = {"name": "Okta", "profile": "okta", "state": "active", "delete_policy": "keep"}
    path = reverse("admin:scim_provisioning_connection_add")
    answer = admin_client.post(path, {**data, "acting_user": ""})
    assert answer.status_code == 200
    assert SECRET.search(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert not SECRET.search(str(answer.cookies) + str(dict(admin_client.session)))


def test_what_goes_with_a_connection_is_counted_before_it_is_deleted(scim, admin_client):
    make_oauth(scim)
    page = admin_client.get(url("delete", scim)).content.decode()
    assert "Client secrets: 1" in page
