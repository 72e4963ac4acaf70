"""Bulk through scim2-client, a client by other people that checks what it gets, over real HTTP."""

from __future__ import annotations

import pytest
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient

from tests.scim_client import BULK_REQUEST, ENTERPRISE, GROUP, PATCH_OP, USER

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(scim, live_server):
    base = f"{live_server.url}/rest/scim/v2"
    with Client(base_url=base, headers={"Authorization": scim.bearer}) as http:
        client = SyncSCIMClient(http)
        client.discover()
        yield client


def sent(client, *operations, **more):
    """Send a raw Bulk; the client checks the request, and that the answer is as RFC 7644 has it."""
    answer = client.bulk({"schemas": [BULK_REQUEST], "Operations": operations, **more})
    return answer.operations


def test_users_that_manage_each_other_and_their_group(scim, client):
    def person(name, manager):
        data = {"schemas": [USER, ENTERPRISE], "userName": f"{name}@example.com"}
        data[ENTERPRISE] = {"manager": {"value": f"bulkId:{manager}"}}
        return {"method": "POST", "path": "/Users", "bulkId": name, "data": data}

    members = [{"value": "bulkId:ada", "type": "User"}, {"value": "bulkId:eve", "type": "User"}]
    ops = {"schemas": [GROUP], "displayName": "Ops", "members": members}
    results = sent(
        client,
        {"method": "POST", "path": "/Groups", "bulkId": "ops", "data": ops},
        person("ada", "eve"),
        person("eve", "ada"),
        person("bob", "nobody"),
    )
    assert [str(result.status) for result in results] == ["201", "201", "201", "400"]
    ids = {result.bulk_id: result.location.rpartition("/")[2] for result in results[:3]}
    found = scim.get(f"/Groups/{ids['ops']}").body["members"]
    assert {member["value"] for member in found} == {ids["ada"], ids["eve"]}
    assert results[3].response.scim_type == "invalidValue"


def test_every_method_and_a_limit_of_errors(scim, client):
    ada, eve = scim.user("ada@example.com"), scim.user("eve@example.com")
    path, version = f"/Users/{ada['id']}", ada["meta"]["version"]
    patch = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "title", "value": "x"}]}
    put = {"schemas": [USER], "userName": "ada@example.com", "title": "y"}
    results = sent(
        client,
        {"method": "PATCH", "path": path, "version": version, "data": patch},
        {"method": "PUT", "path": path, "data": put},
        {"method": "DELETE", "path": f"/Users/{eve['id']}"},
        {"method": "DELETE", "path": f"/Users/{eve['id']}"},
        {"method": "DELETE", "path": path},
        failOnErrors=1,
    )
    assert [str(result.status) for result in results] == ["200", "200", "204", "404"]
    assert results[1].version == 'W/"3"'
