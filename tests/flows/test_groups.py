"""A group's life over HTTP, its members changed by deltas."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed

from scim_provisioning.models import ScimGroup, ScimUser
from tests.scim_client import GROUP

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(scim):
    return [scim.user(f"u{i}@example.com")["id"] for i in range(4)]


def members(scim, group):
    return {m["value"] for m in scim.get(f"/Groups/{group['id']}").body.get("members", [])}


def change(scim, group, *operations, **headers):
    return scim.patch(f"/Groups/{group['id']}", *operations, **headers)


def test_members_are_djangos_own(scim, people):
    group = scim.group("Ops", people[:2])
    django_group = ScimGroup.objects.get(pk=group["id"]).group
    assert django_group.name == "Ops"
    assert {str(u.scim.pk) for u in django_group.user_set.all()} == set(people[:2])


def test_a_groups_patch_answers_204_unless_attributes_asks(scim, people):
    group = scim.group()
    add = {"op": "add", "path": "members", "value": [{"value": people[0]}]}
    assert change(scim, group, add).status == 204
    asked = scim.patch(f"/Groups/{group['id']}?attributes=displayName", add)
    assert (asked.status, asked.body["displayName"]) == (200, "Ops")


OPERATIONS = {
    "add objects": ({"op": "add", "path": "members", "value": [{"value": "{2}"}]}, {0, 1, 2}),
    "add strings": ({"op": "add", "path": "members", "value": ["{2}", "{3}"]}, {0, 1, 2, 3}),
    "add twice": ({"op": "add", "path": "members", "value": [{"value": "{0}"}]}, {0, 1}),
    "add without path": ({"op": "add", "value": {"members": [{"value": "{2}"}]}}, {0, 1, 2}),
    "remove by filter": ({"op": "remove", "path": 'members[value eq "{0}"]'}, {1}),
    "remove by or": ({"op": "remove", "path": 'members[value eq "{0}" or value eq "{1}"]'}, set()),
    "remove by value": ({"op": "Remove", "path": "members", "value": [{"value": "{0}"}]}, {1}),
    "remove nobody": ({"op": "remove", "path": "members", "value": []}, {0, 1}),
    "remove a stranger": ({"op": "remove", "path": 'members[value eq "{3}"]'}, {0, 1}),
    "remove what is no id": ({"op": "remove", "path": 'members[value eq "x"]'}, {0, 1}),
    "remove by another filter": ({"op": "remove", "path": 'members[display sw "u0"]'}, {1}),
    "remove all": ({"op": "remove", "path": "members"}, set()),
    "replace": ({"op": "replace", "path": "members", "value": [{"value": "{3}"}]}, {3}),
    "replace by nobody": ({"op": "replace", "path": "members", "value": []}, set()),
}


@pytest.mark.parametrize(("operation", "left"), OPERATIONS.values(), ids=OPERATIONS.keys())
def test_members_change_by(scim, people, operation, left):
    def named(value):
        if isinstance(value, str):
            for i, identifier in enumerate(people):
                value = value.replace(f"{{{i}}}", identifier)
            return value
        if isinstance(value, list):
            return [named(item) for item in value]
        return {k: named(v) for k, v in value.items()} if isinstance(value, dict) else value

    group = scim.group("Ops", people[:2])
    assert change(scim, group, named(operation)).status == 204
    assert members(scim, group) == {people[i] for i in left}


def test_operations_run_in_order(scim, people):
    group = scim.group("Ops", people[:1])
    operations = [
        {"op": "add", "path": "members", "value": [{"value": people[1]}]},
        {"op": "remove", "path": f'members[value eq "{people[1]}"]'},
        {"op": "remove", "path": f'members[value eq "{people[0]}"]'},
        {"op": "add", "path": "members", "value": [{"value": people[0]}, {"value": people[2]}]},
    ]
    assert change(scim, group, *operations).status == 204
    assert members(scim, group) == {people[0], people[2]}


def test_a_filter_sees_what_came_before_it(scim, people):
    group = scim.group()
    operations = [
        {"op": "add", "path": "members", "value": [{"value": people[0]}, {"value": people[1]}]},
        {"op": "remove", "path": 'members[display sw "u0"]'},
    ]
    assert change(scim, group, *operations).status == 204
    assert members(scim, group) == {people[1]}


@pytest.mark.scim("B051")
def test_a_member_cannot_be_edited(scim, people):
    group = scim.group("Ops", people[:1])
    edit = {"op": "replace", "path": f'members[value eq "{people[0]}"].type', "value": "x"}
    assert change(scim, group, edit).scim_type == "mutability"


def test_one_bad_member_refuses_the_whole_request(scim, people):
    group = scim.group()
    operations = [
        {"op": "replace", "path": "displayName", "value": "New"},
        {"op": "add", "path": "members", "value": [{"value": people[0]}, {"value": "nobody"}]},
    ]
    answer = change(scim, group, *operations)
    assert (answer.status, answer.scim_type) == (400, "invalidValue")
    assert "nobody" in answer.body["detail"]
    assert scim.get(f"/Groups/{group['id']}").body == group


def test_no_change_moves_no_version(scim, people):
    group = scim.group("Ops", people[:1])
    change(scim, group, {"op": "add", "path": "members", "value": [{"value": people[0]}]})
    assert scim.get(f"/Groups/{group['id']}").body == group


def test_members_and_name_change_together(scim, people):
    group = scim.group("Ops", people[:1])
    operations = [
        {"op": "replace", "value": {"id": group["id"], "displayName": "Sales"}},
        {"op": "add", "path": "members", "value": [{"value": people[1]}]},
    ]
    assert change(scim, group, *operations).status == 204
    read = scim.get(f"/Groups/{group['id']}").body
    assert read["displayName"] == ScimGroup.objects.get(pk=group["id"]).group.name == "Sales"
    assert read["meta"]["version"] == 'W/"2"'


def test_put_replaces_the_members(scim, people):
    group = scim.group("Ops", people[:2])
    body = {"schemas": [GROUP], "displayName": "Ops", "members": [{"value": people[3]}]}
    assert scim.put(f"/Groups/{group['id']}", body).status == 200
    assert members(scim, group) == {people[3]}
    assert (
        scim.put(f"/Groups/{group['id']}", {"schemas": [GROUP], "displayName": "Ops"}).status == 200
    )
    assert members(scim, group) == set()


def test_names_longer_than_djangos_are_kept_as_sent(scim):
    long = "Ops " + "x" * 240
    first, second = scim.group(long + "a"), scim.group(long + "b")
    assert first["displayName"] == long + "a"
    names = set(Group.objects.values_list("name", flat=True))
    assert all(len(name) <= 150 for name in names)
    assert len(names) == 2
    assert scim.post("/Groups", {"schemas": [GROUP], "displayName": "x" * 257}).status == 400
    group = ScimGroup.objects.get(pk=second["id"]).group
    group.save()
    assert scim.get(f"/Groups/{second['id']}").body == second


def test_deleting_a_group_keeps_its_people(scim, people):
    group = scim.group("Ops", people)
    assert scim.delete(f"/Groups/{group['id']}").status == 204
    assert scim.get(f"/Groups/{group['id']}").status == 404
    assert not Group.objects.filter(name="Ops").exists()
    assert scim.get("/Users").body["totalResults"] == 4


def test_a_deleted_user_leaves_its_groups(scim, people):
    group = scim.group("Ops", people[:2])
    scim.delete(f"/Users/{people[0]}")
    assert members(scim, group) == {people[1]}
    assert scim.get(f"/Groups/{group['id']}").body["meta"]["version"] == 'W/"2"'


def test_members_show_their_names_on_request(scim, people):
    group = scim.group("Ops", people[:1])
    shown = scim.get(f"/Groups/{group['id']}?attributes=members").body["members"]
    assert [m["display"] for m in shown] == ["u0@example.com"]


def test_other_apps_hear_of_members(scim, people):
    heard = []

    def listen(action, pk_set, **_):
        heard.append((action, len(pk_set or ())))

    group = scim.group()
    m2m_changed.connect(listen)
    try:
        change(scim, group, {"op": "add", "path": "members", "value": people[:2]})
        change(scim, group, {"op": "remove", "path": "members"})
    finally:
        m2m_changed.disconnect(listen)
    assert heard == [("pre_add", 2), ("post_add", 2), ("pre_remove", 2), ("post_remove", 2)]


def test_members_changed_in_django_move_the_version(scim, people):
    group = scim.group("Ops", people[:1])
    django_group = ScimGroup.objects.get(pk=group["id"]).group
    user = ScimUser.objects.get(pk=people[1]).user
    django_group.user_set.add(user)
    assert scim.get(f"/Groups/{group['id']}").body["meta"]["version"] == 'W/"2"'
    user.groups.clear()
    assert scim.get(f"/Groups/{group['id']}").body["meta"]["version"] == 'W/"3"'
    assert members(scim, group) == {people[0]}


def test_a_group_renamed_in_django_is_renamed(scim):
    group = scim.group()
    django_group = ScimGroup.objects.get(pk=group["id"]).group
    django_group.name = "Sales"
    django_group.save()
    assert scim.get('/Groups?filter=displayName eq "sales"').body["totalResults"] == 1


@pytest.mark.parametrize("sent", ["as read", "nobody", "others"])
def test_protected_members_that_are_seen_survive_a_replacement(scim, people, sent):
    """A connection that is shown protected accounts never changes them."""
    group = scim.group("Ops", people[:2])
    boss = ScimUser.objects.get(pk=people[1]).user
    boss.is_staff = True
    boss.save()
    scim.connection.shows_protected = True
    scim.connection.save()
    before = scim.get(f"/Groups/{group['id']}").body
    assert people[1] in {member["value"] for member in before["members"]}
    wanted = {"as read": before["members"], "nobody": [], "others": [{"value": people[2]}]}[sent]
    body = {"schemas": [GROUP], "displayName": "Ops", "members": wanted}
    assert scim.put(f"/Groups/{group['id']}", body).status == 200
    assert boss.groups.count() == 1


def test_unseen_members_survive_a_replacement(scim, people):
    group = scim.group("Ops", people[:1])
    staff = ScimUser.objects.get(pk=people[1])
    staff.user.groups.add(ScimGroup.objects.get(pk=group["id"]).group)
    staff.user.is_staff = True
    staff.user.save()
    change(scim, group, {"op": "replace", "path": "members", "value": [{"value": people[2]}]})
    assert members(scim, group) == {people[2]}
    assert staff.user.groups.count() == 1


def test_a_group_that_is_renamed_in_code_has_another_version(scim):
    made = scim.group("Ops")
    group = Group.objects.get(name="Ops")
    group.name = "Operations"
    group.save()
    read = scim.get(f"/Groups/{made['id']}").body
    assert (read["displayName"], read["meta"]["version"]) == ("Operations", 'W/"2"')


@pytest.mark.parametrize(
    "entry", [7, True, [], ["x"], {}, {"value": 7}, {"value": ""}, {"type": "Group", "value": "x"}]
)
def test_what_is_no_member_is_refused(scim, people, entry):
    made = scim.group("Ops", people[:1])
    for op in ("add", "replace"):
        refused = change(scim, made, {"op": op, "path": "members", "value": [entry]})
        assert (refused.status, refused.scim_type) == (400, "invalidValue")
    assert members(scim, made) == set(people[:1])


@pytest.mark.parametrize("path", ["members.display", "members.value", 'members[value eq "{}"]'])
def test_a_member_is_not_edited(scim, people, path):
    made = scim.group("Ops", people[:1])
    edit = {"op": "replace", "path": path.format(people[0]), "value": people[1]}
    refused = change(scim, made, edit)
    assert (refused.status, refused.scim_type) == (400, "mutability")
    assert members(scim, made) == set(people[:1])


def test_members_that_a_filter_leaves_out_stay(scim, people):
    made = scim.group("Ops", people)
    assert (
        change(scim, made, {"op": "remove", "path": f'members[value ne "{people[0]}"]'}).status
        == 204
    )
    assert members(scim, made) == {people[0]}
