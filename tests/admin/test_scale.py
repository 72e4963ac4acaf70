"""Pages that large tables do not slow down: what is searched, filtered and fetched, and how."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.scim_fixtures import make_client

pytestmark = pytest.mark.django_db


def url(model, page="changelist", *args):
    return reverse(f"admin:scim_provisioning_{model}_{page}", args=args)


def statements(client, address):
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)
    assert page.status_code == 200
    return [query["sql"] for query in queries]


@pytest.mark.parametrize(
    "model", ["scimuser", "scimgroup", "provisioningevent", "finding", "exchange"]
)
def test_no_filter_reads_the_whole_table_for_its_choices(scim, admin_client, model):
    scim.group("Ops", [scim.user()["id"]])
    asked = statements(admin_client, url(model))
    assert asked
    assert not [sql for sql in asked if "DISTINCT" in sql]


def found(client, model, query):
    page = client.get(url(model), {"q": query})
    return [str(row) for row in page.context_data["cl"].result_list]


@pytest.mark.parametrize("query", ["bob", "BOB@", " Bob@example.com "])
def test_users_are_found_by_the_beginning_of_their_name(scim, admin_client, query):
    scim.user("Bob@example.com")
    scim.user("rebob@example.com")
    assert found(admin_client, "scimuser", query) == ["Bob@example.com"]


@pytest.mark.parametrize("query", ["%", "_ob", "nobody"])
def test_patterns_match_literally(scim, admin_client, query):
    scim.user("bob@example.com")
    assert found(admin_client, "scimuser", query) == []


def test_resources_are_found_by_id(scim, admin_client):
    user, group = scim.user(), scim.group()
    assert found(admin_client, "scimuser", user["id"]) == ["ada@example.com"]
    assert found(admin_client, "scimgroup", group["id"].upper()) == ["Ops"]
    assert len(found(admin_client, "provisioningevent", user["id"])) == 1


def test_a_name_that_looks_like_an_id_is_found(scim, admin_client):
    name = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
    scim.user(name)
    assert found(admin_client, "scimuser", name) == [name]


def test_an_id_is_compared_as_an_id(scim, admin_client):
    asked = statements(admin_client, url("scimuser") + f"?q={scim.user()['id']}")
    assert not [sql for sql in asked if "UPPER(" in sql.upper() and "scimuser" in sql]


def test_a_resource_costs_the_same_however_many_connections_name_it(scim, admin_client):
    user = scim.user(externalId="1")
    page = url("scimuser", "change", user["id"])
    statements(admin_client, page)
    before = len(statements(admin_client, page))
    for i in range(5):
        other = make_client(f"idp{i}").connection
        other.external_ids.create(user_id=user["id"], value="2", value_key="2")
    assert len(statements(admin_client, page)) == before


def test_a_connection_is_removed_at_the_same_cost_whatever_it_holds(scim, admin_client):
    page = url("connection", "delete", scim.connection.pk)
    statements(admin_client, page)
    before = len(statements(admin_client, page))
    for i in range(5):
        scim.user(f"u{i}@example.com", externalId=str(i))
    assert len(statements(admin_client, page)) == before
