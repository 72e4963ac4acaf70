"""The pages that connect an identity provider: values, steps, and how far it is."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from scim_provisioning import auth, counters, guides
from scim_provisioning.admin.setup import available
from scim_provisioning.models import ClientSecret, Connection, PersonalAccessToken
from tests.scim_fixtures import make_client

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"kv[ps]_[0-9A-Za-z]{49}")
SLUGS = [guide.slug for guide in guides.GUIDES]


def url(page, *keys):
    return reverse(f"admin:scim_provisioning_connection_{page}", args=keys)


def text(response):
    return response.content.decode()


@pytest.fixture
def fresh(scim):
    """A connection without any credential."""
    PersonalAccessToken.objects.all().delete()
    return scim.connection


def test_every_way_is_offered(scim, admin_client):
    page = text(admin_client.get(url("set_up", scim.connection.pk)))
    assert all(url("guide", scim.connection.pk, slug) in page for slug in SLUGS)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_first_credential_is_shown_among_the_steps_once(fresh, admin_client, slug):
    address = url("guide", fresh.pk, slug)
    assert "Not made yet" in text(admin_client.get(address))
    made = admin_client.post(address)
    assert SECRET.search(text(made))
    assert "no-store" in made["Cache-Control"]
    again = text(admin_client.get(address))
    assert not SECRET.search(again)
    assert "Made:" in again


@pytest.mark.parametrize("slug", ["okta-oauth", "entra-oauth"])
def test_client_credentials_come_with_all_that_goes_with_them(fresh, admin_client, slug):
    page = text(admin_client.post(url("guide", fresh.pk, slug)))
    for value in ("http://testserver/rest/scim/v2", "http://testserver/oauth/token", ">scim<"):
        assert value in page
    assert ClientSecret.objects.get().connection == fresh


def test_a_form_sent_twice_makes_one_credential(fresh, admin_client):
    for _ in range(2):
        admin_client.post(url("guide", fresh.pk, "okta-basic"))
    assert PersonalAccessToken.objects.count() == 1
    assert LogEntry.objects.get().change_message.startswith("Made token:")


def test_a_further_credential_comes_back_to_the_steps(scim, admin_client):
    address = url("new_credential", scim.connection.pk, "token") + "?guide=okta-basic"
    seen = admin_client.get(address).context["form"]["seen"].value()
    page = text(admin_client.post(address, {"days": "365", "old": "7", "seen": seen}))
    assert SECRET.search(page)
    assert "Test Connector Configuration" in page


def test_a_token_is_not_shown_as_the_secret_of_another_way(scim, admin_client):
    address = url("new_credential", scim.connection.pk, "token") + "?guide=okta-oauth"
    seen = admin_client.get(address).context["form"]["seen"].value()
    page = text(admin_client.post(address, {"days": "365", "old": "7", "seen": seen}))
    assert SECRET.search(page)
    assert "Client Secret" not in page


@pytest.mark.parametrize("slug", SLUGS)
def test_a_new_connection_goes_on_with_the_steps_of_its_way(admin_client, slug):
    form = {"name": "New", "profile": "auto", "way": slug, "acting_user": ""}
    page = text(admin_client.post(url("add"), form))
    assert SECRET.search(page)
    assert url("guide", Connection.objects.get().pk, slug) in page
    live = PersonalAccessToken.objects.count(), ClientSecret.objects.count()
    assert live == ((0, 1) if "oauth" in slug else (1, 0))


def test_a_connection_without_a_way_shows_its_token(admin_client):
    form = {"name": "New", "profile": "auto", "way": "", "acting_user": ""}
    token = SECRET.search(text(admin_client.post(url("add"), form)))[0]
    assert auth.authenticate(f"Bearer {token}", None).connection_name == "New"


def test_steps_show_what_was_reached(scim, admin_client):
    address = url("guide", scim.connection.pk, "okta-basic")
    page = text(admin_client.get(address))
    assert "No request of it has arrived" in page
    assert "It has created no user" in page
    scim.user()
    page = text(admin_client.get(address))
    assert "First request:" in page
    assert "First user created:" in page


def test_when_it_was_first_seen_stays(scim, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "LAST_USED_SECONDS": 0}
    scim.get("/Users")
    first = Connection.objects.get().first_seen
    scim.get("/Users")
    row = Connection.objects.get()
    assert first is not None
    assert row.first_seen == first < row.last_seen


def test_requests_with_unknown_credentials_are_told(scim, admin_client):
    scim.get("/Users", authorization="Bearer mistyped")
    counters.flush()
    page = text(admin_client.get(url("guide", scim.connection.pk, "entra-bearer")))
    assert "1 request with unknown credentials was refused" in page


def test_the_public_url_is_what_is_pasted(scim, admin_client, settings):
    settings.SCIM_PROVISIONING = {
        **settings.SCIM_PROVISIONING,
        "PUBLIC_URL": "https://portal.example.com",
    }
    page = text(admin_client.get(url("guide", scim.connection.pk, "okta-basic")))
    assert "https://portal.example.com/rest/scim/v2" in page
    assert "testserver/rest" not in page
    assert "not public" not in page


def test_an_address_that_no_identity_provider_reaches_is_told(scim, admin_client):
    assert "not public" in text(admin_client.get(url("guide", scim.connection.pk, "okta-basic")))


def test_ways_that_the_site_does_not_take_are_not_offered(scim, admin_client, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "BASIC": False}
    settings.ROOT_URLCONF = "tests.bare_urls"
    assert {guide.scheme for guide in available()} == {guides.Scheme.BEARER}


def test_a_way_that_is_none_is_not_there(scim, admin_client):
    assert admin_client.get(url("guide", scim.connection.pk, "nobody")).status_code == 404


def test_the_steps_cost_the_same_however_much_there_is(
    scim, admin_client, django_assert_max_num_queries
):
    for i in range(5):
        scim.user(f"u{i}@example.com")
        make_client(f"idp{i}")
    with django_assert_max_num_queries(10):
        admin_client.get(url("guide", scim.connection.pk, "okta-oauth"))


def test_the_list_tells_requests_and_failures_of_the_last_day(
    scim, other, admin_client, django_assert_max_num_queries
):
    scim.user()
    scim.post("/Users", {"schemas": [], "userName": "ada@example.com"})
    scim.get("/Users")
    counters.flush()
    with django_assert_max_num_queries(8):
        page = admin_client.get(url("changelist"))
    rows = {row.name: (row.requests, row.failures) for row in page.context["cl"].result_list}
    assert rows == {"idp": (3, 1), "other": (0, 0)}
