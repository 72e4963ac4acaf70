"""*Test*: the site asks itself over real HTTP, and leaves nothing behind."""

from __future__ import annotations

import socket

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from scim_provisioning import guides, self_test
from scim_provisioning.models import ClientSecret, Connection, PersonalAccessToken
from scim_provisioning.self_test import Place, exchange
from scim_provisioning.self_test.exchange import HIDDEN
from scim_provisioning.self_test.judging import LIST as LIST_RESPONSE
from tests.local_server import LocalServer, after, send

pytestmark = pytest.mark.django_db(transaction=True)
LIST = {"schemas": [LIST_RESPONSE], "totalResults": 0}
NOWHERE = "http://nowhere.invalid"


def run(scim, site, slug="okta-basic", local=None):
    return self_test.run(scim.connection, guides.BY_SLUG[slug], Place(site, local))


@pytest.fixture
def answering():
    """A server that answers as a test says."""
    server = LocalServer()
    stop = server.start()
    yield server
    stop()


def answer_all(server, given):
    class Everything(dict):
        def get(self, key, default=None):
            return given

    server.routes = Everything()


@pytest.mark.parametrize("slug", [guide.slug for guide in guides.GUIDES])
def test_each_identity_provider_would_be_content(scim, live_server, slug):
    outcome = run(scim, live_server.url, slug)
    assert outcome.passed, outcome
    assert len(outcome.exchanges) == (3 if "oauth" in slug else 2)
    assert outcome.base_url == f"{live_server.url}/rest/scim/v2"


def test_it_leaves_nothing_behind(scim, live_server):
    before = PersonalAccessToken.objects.count()
    run(scim, live_server.url)
    run(scim, live_server.url, "entra-oauth")
    row = Connection.objects.get()
    assert (row.first_seen, row.last_seen) == (None, None)
    assert (PersonalAccessToken.objects.count(), ClientSecret.objects.count()) == (before, 0)


@pytest.mark.parametrize("slug", ["okta-basic", "okta-oauth", "entra-oauth"])
def test_no_secret_is_shown(scim, live_server, slug):
    shown = str(run(scim, live_server.url, slug))
    assert HIDDEN in shown
    assert "kvp_" not in shown
    assert "kvs_" not in shown
    assert "kva_" not in shown


def test_a_disabled_account_is_told(scim, live_server):
    get_user_model().objects.filter(scim_connection__isnull=False).update(is_active=False)
    outcome = run(scim, live_server.url)
    assert not outcome.passed
    assert "401" in outcome.exchanges[-1].problem
    assert "disabled" in outcome.exchanges[-1].fix


def test_where_the_public_address_is_not_reached_the_local_one_is(scim, live_server):
    outcome = run(scim, NOWHERE, local=live_server.url)
    assert outcome.passed
    assert "nowhere.invalid" in outcome.unreachable
    assert outcome.base_url.startswith(live_server.url)


@pytest.mark.parametrize("is_known", [True, False])
def test_what_cannot_be_reached_at_all_is_told(scim, is_known):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outcome = run(scim, NOWHERE, local=f"http://127.0.0.1:{port}" if is_known else None)
    assert (outcome.passed, outcome.exchanges) == (False, ())
    assert "nowhere.invalid" in outcome.unreachable


def test_a_site_that_is_busy_with_asking_says_what_helps(scim, answering, monkeypatch):
    monkeypatch.setattr(exchange, "TIMEOUT", 0.2)
    answer_all(answering, after(1, LIST))
    outcome = run(scim, answering.url)
    assert not outcome.passed
    assert "worker" in outcome.exchanges[0].fix


@pytest.mark.parametrize(
    "given",
    [
        b"<html>another page</html>",
        {**LIST, "totalResults": 3},
        {"schemas": []},
        lambda handler, request: send(handler, LIST, 302, Location="/elsewhere"),
        lambda handler, request: send(handler, LIST),
    ],
    ids=["html", "results", "no list", "redirect", "media type"],
)
def test_what_an_identity_provider_would_not_take_fails(scim, answering, given):
    answer_all(answering, given)
    outcome = run(scim, answering.url)
    assert not outcome.passed
    assert outcome.exchanges[0].problem


def test_a_token_endpoint_without_token_fails(scim, answering):
    answer_all(answering, {"hello": "world"})
    outcome = run(scim, answering.url, "entra-oauth")
    assert [bool(one.problem) for one in outcome.exchanges] == [True]


def test_the_page_shows_request_and_answer(scim, live_server, admin_client):
    host = live_server.url.removeprefix("http://")
    address = reverse(
        "admin:scim_provisioning_connection_test", args=[scim.connection.pk, "entra-bearer"]
    )
    assert "Test" in admin_client.get(address).content.decode()
    page = admin_client.post(address, headers={"host": host}).content.decode()
    assert "It would be accepted" in page
    assert "GET /rest/scim/v2/Users?filter=userName+eq" in page
    assert f"Bearer {HIDDEN}" in page
