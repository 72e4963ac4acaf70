"""Parallel clients: one wins, none is lost. Real threads on a real database."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from scim_provisioning.models import GroupClosure, GroupNesting
from tests.scim_client import BULK_REQUEST, GROUP, PATCH_OP, USER
from tests.threads import at_once, persistently

pytestmark = pytest.mark.django_db(transaction=True)


def spellings(count):
    """Return spellings of one name that differ in letter case only."""
    name = "zoe.lindqvist@example.com"
    places = [i for i, c in enumerate(name) if c.isalpha()][:5]
    for number in range(count):
        chosen = {place for bit, place in enumerate(places) if number >> bit & 1}
        yield "".join(c.upper() if i in chosen else c for i, c in enumerate(name))


@pytest.mark.scim("A046", "B035", "B070", "B071")
def test_of_32_spellings_of_a_name_one_is_created(scim):
    def create(name):
        return persistently(lambda: scim.post("/Users", {"schemas": [USER], "userName": name}))

    answers = at_once(create, spellings(32))
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [201] + [409] * 31
    assert {a.scim_type for a in answers if a.status == 409} == {"uniqueness"}
    field = get_user_model().USERNAME_FIELD
    found = get_user_model().objects.filter(**{f"{field}__iexact": "zoe.lindqvist@example.com"})
    assert found.count() == 1


def test_of_parallel_groups_of_a_name_one_is_created(scim):
    def create(name):
        return persistently(lambda: scim.post("/Groups", {"schemas": [GROUP], "displayName": name}))

    statuses = sorted(answer.status for answer in at_once(create, ["Ops", "OPS", "ops", "oPs"] * 2))
    assert statuses == [201] + [409] * 7


def test_parallel_additions_lose_no_member(scim):
    ids = [scim.user(f"u{i}@example.com")["id"] for i in range(24)]
    group = scim.group()

    def add(identifier):
        operation = {"op": "add", "path": "members", "value": [{"value": identifier}]}
        return persistently(lambda: scim.patch(f"/Groups/{group['id']}", operation)).status

    assert set(at_once(add, ids)) == {204}
    members = scim.get(f"/Groups/{group['id']}").body["members"]
    assert {member["value"] for member in members} == set(ids)


def test_parallel_patches_of_different_attributes_lose_none(scim):
    user = scim.user()
    names = ["title", "nickName", "locale", "timezone", "userType", "preferredLanguage"]

    def change(name):
        body = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": name, "value": name}]}
        return persistently(lambda: scim.send("PATCH", f"/Users/{user['id']}", body)).status

    assert set(at_once(change, names)) == {200}
    after = scim.get(f"/Users/{user['id']}").body
    assert [after[name] for name in names] == names
    assert after["meta"]["version"] == f'W/"{len(names) + 1}"'


def test_parallel_patches_of_one_multi_valued_attribute_lose_none(scim):
    user = scim.user()
    addresses = [f"{i}@example.com" for i in range(8)]

    def add(address):
        operation = {"op": "add", "path": "emails", "value": [{"value": address}]}
        return persistently(lambda: scim.patch(f"/Users/{user['id']}", operation)).status

    assert set(at_once(add, addresses)) == {200}
    emails = scim.get(f"/Users/{user['id']}").body["emails"]
    assert sorted(email["value"] for email in emails) == addresses


def test_parallel_changes_of_an_account_each_move_the_version(scim):
    user = scim.user()

    field = get_user_model().USERNAME_FIELD

    def rename(letter):
        account = get_user_model().objects.get(scim=user["id"])
        setattr(account, field, f"{letter}@example.com")
        account.save()

    at_once(rename, "abcdefgh")
    assert scim.get(f"/Users/{user['id']}").body["meta"]["version"] == 'W/"9"'


@pytest.mark.scim("A170")
def test_a_precondition_lets_one_of_two_writers_through(scim):
    user = scim.user()
    version = user["meta"]["version"]

    def change(title):
        operation = {"op": "add", "path": "title", "value": title}
        path = f"/Users/{user['id']}"
        return persistently(lambda: scim.patch(path, operation, if_match=version)).status

    assert sorted(at_once(change, ["a", "b", "c", "d"])) == [200, 412, 412, 412]


def test_of_parallel_bulks_of_the_same_users_each_user_is_created_once(scim):
    names = [f"u{i}@example.com" for i in range(40)]

    def operation(name):
        data = {"schemas": [USER], "userName": name}
        return {"method": "POST", "path": "/Users", "bulkId": name, "data": data}

    def send(left):
        created = []
        while left:
            body = {"schemas": [BULK_REQUEST], "Operations": list(map(operation, left))}
            results = persistently(lambda body=body: scim.post("/Bulk", body)).body["Operations"]
            created += [r["bulkId"] for r in results if r["status"] == "201"]
            left = [r["bulkId"] for r in results if r["status"] == "503"]
        return created

    created = at_once(send, [names, names[::-1], names, names[::-1]])
    assert sorted(name for one in created for name in one) == sorted(names)


def closure_of(edges):
    """Return what follows from edges, by brute force."""
    pairs = set(edges)
    while more := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
        pairs |= more
    return pairs


@pytest.mark.scim("B054")
@pytest.mark.parametrize("size", [2, 3, 8])
def test_parallel_nestings_make_no_circle_and_lose_nothing(scim, settings, size):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "NESTED_GROUPS": True}
    groups = [scim.group(f"g{i}")["id"] for i in range(size)]

    def nest(place):
        value = [{"value": groups[(place + 1) % size]}]
        operation = {"op": "add", "path": "members", "value": value}
        return persistently(lambda: scim.patch(f"/Groups/{groups[place]}", operation)).status

    for _ in range(3):
        statuses = at_once(nest, range(size))
        assert sorted(statuses) == [204] * (size - 1) + [400]
        edges = set(GroupNesting.objects.values_list("group_id", "member_id"))
        known = set(GroupClosure.objects.values_list("ancestor_id", "descendant_id"))
        assert len(edges) == size - 1
        assert known == closure_of(edges)
        for identifier in groups:
            scim.patch(f"/Groups/{identifier}", {"op": "remove", "path": "members"})
        assert not GroupClosure.objects.exists()
