"""Short ids of an earlier system: shown, named and compared as texts, on every database."""

from __future__ import annotations

import pytest

from scim_provisioning.models import ExternalId, ScimGroup, ScimUser
from scim_provisioning.protocol.identifiers import parse
from tests.scim_client import USER

pytestmark = [pytest.mark.django_db, pytest.mark.any_user]


def keep(model, made, text):
    """Give a resource an id of before."""
    key = parse(text)
    model.objects.filter(pk=made["id"]).update(id=key)
    ExternalId.objects.filter(**{model.__name__[4:].lower(): made["id"]}).update(
        **{model.__name__[4:].lower(): key}
    )
    return text


@pytest.fixture
def users(scim):
    """Ada is 10, Bob is aB-7; Eve's id is a UUID."""
    made = {name: scim.user(f"{name}@example.com") for name in ("ada", "bob", "eve")}
    ids = {"ada": "10", "bob": "aB-7", "eve": "f47ac10b-58cc-4372-a567-0e02b2c3d479"}
    return {name: keep(ScimUser, made[name], text) for name, text in ids.items()}


def test_each_verb_takes_it(scim, users):
    path = "/Users/10"
    assert scim.get(path).body["id"] == "10"
    assert scim.get(path).body["meta"]["location"].endswith(path)
    body = {"schemas": [USER], "userName": "ada@example.com", "title": "Dr"}
    answer = scim.put(path, body)
    assert (answer.status, answer.body["id"], answer.headers["Location"][-9:]) == (200, "10", path)
    assert scim.patch(path, {"op": "replace", "path": "title", "value": "Prof"}).status == 200
    assert scim.delete(path).status == 204
    assert scim.get(path).status == 404


def test_its_letters_count(scim, users):
    assert scim.get("/Users/aB-7").status == 200
    assert scim.get("/Users/ab-7").status == 404
    assert scim.get(f"/Users/{parse('10')}").status == 404


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('id eq "10"', ["ada"]),
        ('id eq "ab-7"', []),
        ('id sw "1" and id ew "0"', ["ada"]),
        ('id co "B-"', ["bob"]),
        ('id gt "Z" and id sw "a"', ["bob"]),
        ('meta.location ew "/Users/aB-7"', ["bob"]),
        ('id co "-4"', ["eve"]),
    ],
)
def test_filters_compare_what_is_shown(scim, users, text, found):
    names = [u["userName"] for u in scim.search("/Users", text).body.get("Resources", [])]
    assert names == [f"{name}@example.com" for name in found]


def test_members_are_named_by_it(scim, users):
    group = scim.group("Ops", ["10", "aB-7", users["eve"]])
    keep(ScimGroup, group, "10")
    shown = scim.get("/Groups/10").body["members"]
    assert {m["value"]: m["$ref"].rpartition("/Users/")[2] for m in shown} == {
        users[name]: users[name] for name in users
    }
    found = scim.search("/Groups", 'members.$ref ew "/Users/aB-7"').body
    assert [g["id"] for g in found["Resources"]] == ["10"]
    remove = {"op": "remove", "path": 'members[value eq "aB-7"]'}
    assert scim.patch("/Groups/10", remove).status == 204
    assert len(scim.get("/Groups/10").body["members"]) == 2
    assert scim.get("/Users/10").body["groups"][0]["value"] == "10"
    answer = scim.patch("/Groups/10", {"op": "add", "path": "members", "value": [{"value": "11"}]})
    assert answer.body["detail"] == "No user has the id '11'."


def test_a_user_and_a_group_may_have_the_same(scim, users):
    keep(ScimGroup, scim.group("Ops"), "10")
    found = scim.search("", 'id eq "10"').body["Resources"]
    assert [r["meta"]["resourceType"] for r in found] == ["User", "Group"]


def test_a_walk_by_cursor_and_a_sort_find_each_once(scim, users):
    for query in ("", "&sortBy=id"):
        seen, cursor = [], ""
        while cursor is not None:
            page = scim.get(f"/Users?count=1&cursor={cursor}{query}").body
            seen += [u["id"] for u in page["Resources"]]
            cursor = page.get("nextCursor")
        assert set(users.values()) <= set(seen)
        assert len(seen) == len(set(seen))


def test_bulk_takes_it_and_the_ledger_knows_it(scim, users):
    operations = [{"method": "PATCH", "path": "/Users/10", "data": {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "add", "path": "title", "value": "Dr"}]}}]  # fmt: skip
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}  # fmt: skip
    [done] = scim.post("/Bulk", body).body["Operations"]
    assert (done["status"], done["location"][-9:]) == ("200", "/Users/10")
