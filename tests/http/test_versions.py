"""Entity tags, whatever of the resource the client asked to see."""

from __future__ import annotations

import pytest

from scim_provisioning.models import Connection
from tests.scim_client import GROUP, PATCH_OP, USER

pytestmark = pytest.mark.django_db


@pytest.mark.scim("A171", "A172", "A173", "A174")
@pytest.mark.parametrize(
    "query",
    ["", "?attributes=userName", "?attributes=nosuch", "?excludedAttributes=meta",
     "?excludedAttributes=meta.version", "?attributes=meta.location"],
)  # fmt: skip
def test_the_tag_is_in_every_answer(scim, query):
    user = scim.user()
    answer = scim.get(f"/Users/{user['id']}{query}")
    assert answer.headers["ETag"] == user["meta"]["version"] == 'W/"1"'
    again = scim.get(f"/Users/{user['id']}{query}", if_none_match='W/"1"')
    assert (again.status, again.body, again.headers["ETag"]) == (304, None, 'W/"1"')


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("attributes=userName", {"schemas", "id", "userName"}),
        ("excludedAttributes=meta", {"schemas", "id", "userName", "active"}),
        ("attributes=nosuch", {"schemas", "id"}),
    ],
)
def test_the_tag_brings_no_attribute_along(scim, query, keys):
    user = scim.user()
    assert set(scim.get(f"/Users/{user['id']}?{query}").body) == keys


def test_a_part_of_meta_stays_a_part(scim):
    user = scim.user()
    shown = scim.get(f"/Users/{user['id']}?excludedAttributes=meta.version").body["meta"]
    assert set(shown) == {"resourceType", "created", "lastModified", "location"}


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('W/"1"', 304),
        ('"1"', 304),
        ("*", 304),
        ('W/"7", W/"1"', 304),
        ('"7","1"', 304),
        ('W/"2"', 200),
        ('"11"', 200),
        ("", 200),
        ("1", 200),
    ],
)
def test_if_none_match(scim, header, status):
    assert scim.get(f"/Users/{scim.user()['id']}", if_none_match=header).status == status


@pytest.mark.scim("A170", "A175")
@pytest.mark.parametrize("header", ['W/"7"', '"2"', "nonsense", '"11"'])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_stale_if_match_is_412_and_changes_nothing(scim, method, header):
    user = scim.user()
    body = {"schemas": [USER], "userName": "eve", "Operations": []}
    if method == "PATCH":
        answer = scim.patch(
            f"/Users/{user['id']}", {"op": "add", "path": "title", "value": "x"}, if_match=header
        )
    else:
        answer = scim.send(method, f"/Users/{user['id']}", body, if_match=header)
    assert (answer.status, answer.body["status"]) == (412, "412")
    assert scim.get(f"/Users/{user['id']}").body == user


@pytest.mark.parametrize("header", ['W/"1"', '"1"', "*", 'W/"7", W/"1"'])
def test_a_fresh_if_match_lets_through(scim, header):
    operation = {"op": "add", "path": "title", "value": "x"}
    answer = scim.patch(f"/Users/{scim.user()['id']}", operation, if_match=header)
    assert (answer.status, answer.headers["ETag"]) == (200, 'W/"2"')


def test_a_created_resource_says_where_it_is(scim):
    answer = scim.post("/Users", {"schemas": [USER], "userName": "ada"})
    assert answer.headers["Location"] == answer.body["meta"]["location"]
    assert answer.headers["ETag"] == answer.body["meta"]["version"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 204), ("?excludedAttributes=members", 204), ("?attributes=displayName", 200)],
)
def test_a_groups_patch_answers_a_body_only_where_it_is_asked(scim, query, status):
    group = scim.post("/Groups", {"schemas": [GROUP], "displayName": "Ops"}).body
    operation = {"op": "replace", "path": "displayName", "value": "Dev"}
    answer = scim.patch(f"/Groups/{group['id']}{query}", operation)
    assert answer.status == status
    assert (answer.body is None) == (status == 204)
    assert answer.headers["ETag"] == 'W/"2"'


@pytest.fixture
def careful(scim):
    """A client whose connection has to name versions."""
    Connection.objects.filter(pk=scim.connection.pk).update(requires_if_match=True)
    return scim


@pytest.mark.scim("A170", "A175")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_where_versions_are_required_a_write_without_one_is_428(careful, method):
    user = careful.user()
    body = {
        "schemas": [USER, PATCH_OP],
        "userName": "eve",
        "Operations": [{"op": "remove", "path": "title"}],
    }
    answer = careful.send(method, f"/Users/{user['id']}", body)
    assert (answer.status, answer.body["status"], answer.scim_type) == (428, "428", None)
    assert careful.get(f"/Users/{user['id']}").body == user


def test_where_versions_are_required_members_are_no_exception(careful):
    user, group = careful.user(), careful.group()
    operation = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    path = f"/Groups/{group['id']}"
    assert careful.patch(path, operation).status == 428
    assert careful.patch(path, operation, if_match='W/"9"').status == 412
    assert careful.patch(path, operation, if_match=group["meta"]["version"]).status == 204


def test_where_versions_are_required_any_version_may_be_named(careful):
    user = careful.user()
    assert careful.delete(f"/Users/{user['id']}", if_match="*").status == 204
    assert careful.delete(f"/Users/{user['id']}").status == 404
