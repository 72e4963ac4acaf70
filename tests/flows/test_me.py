"""``/Me``: the client's own service account (RFC 7644 section 3.11)."""

from __future__ import annotations

import pytest

from scim_provisioning.models import ScimUser
from tests.scim_client import PATCH_OP, USER
from tests.scim_fixtures import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(scim):
    return scim.get("/Me").body


@pytest.mark.scim("A164", "A165")
def test_a_client_reads_itself(scim, me):
    answer = scim.get("/Me")
    assert (answer.status, me["userName"]) == (200, scim.username)
    assert me["meta"]["location"].endswith(f"/Users/{me['id']}")
    assert answer.headers["Location"] == me["meta"]["location"]
    assert answer.headers["ETag"] == me["meta"]["version"]
    assert scim.get("/Me", if_none_match=me["meta"]["version"]).status == 304
    assert set(scim.get("/Me?attributes=userName").body) == {"schemas", "id", "userName"}


def test_the_permanent_uri_leads_there(scim, me):
    assert scim.get(f"/Users/{me['id']}").body == me
    assert make_client("another").get(f"/Users/{me['id']}").status == 404


def test_lists_do_not_show_it(scim, me):
    assert scim.get("/Users").body["totalResults"] == 0
    assert scim.search("", f'id eq "{me["id"]}"').body["totalResults"] == 0


WRITES = {
    "PUT": {"schemas": [USER], "userName": "me@example.com", "active": False},
    "PATCH": {
        "schemas": [PATCH_OP],
        "Operations": [{"op": "replace", "value": {"active": False}}],
    },
    "DELETE": None,
}


@pytest.mark.parametrize(("method", "body"), WRITES.items())
def test_a_service_account_stays_protected(scim, me, method, body):
    for path in ("/Me", f"/Users/{me['id']}"):
        assert scim.send(method, path, body).status == 403
    assert scim.get("/Me").body == me
    assert make_client("another").send(method, f"/Users/{me['id']}", body).status == 404


def test_nobody_signs_up_there(scim):
    assert scim.post("/Me", {"schemas": [USER], "userName": "me@example.com"}).status == 501


@pytest.mark.scim("A163")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_site_may_leave_it_out(scim, settings, method):
    settings.SCIM_PROVISIONING = {"ME": False}
    answer = scim.send(method, "/Me", WRITES.get(method))
    assert (answer.status, answer.body["status"]) == (501, "501")


def test_an_account_without_a_row_is_not_found_yet(scim, me):
    ScimUser.objects.filter(pk=me["id"]).delete()
    assert scim.get("/Me").status == 404


def test_it_is_nothing_for_strangers(scim):
    assert scim.get("/Me", authorization=None).status == 401
    assert scim.get("/Me/x").status == 404
