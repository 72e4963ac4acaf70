"""Groups as members of groups, where the site wants them (RFC 7643 sections 4.1.2 and 4.2)."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scim_provisioning.directory import backfill, findings, ownership
from scim_provisioning.models import (
    Finding,
    FindingKind,
    GroupClosure,
    GroupNesting,
    ProvisioningEvent,
    ScimGroup,
)
from tests.scim_client import BULK_REQUEST, GROUP, USER

pytestmark = pytest.mark.django_db

SILENT = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@pytest.fixture
def nested(settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "NESTED_GROUPS": True}


@pytest.fixture
def tree(scim, nested):
    """Return the ids of ada in *team* in *department* in *company*, and of eve in *company*."""
    ids = {name: scim.user(f"{name}@example.com")["id"] for name in ("ada", "eve")}
    ids["team"] = scim.group("Team", [ids["ada"]])["id"]
    ids["department"] = scim.group("Department", [ids["team"]])["id"]
    ids["company"] = scim.group("Company", [ids["department"], ids["eve"]])["id"]
    return ids


def add(*members):
    return {"op": "add", "path": "members", "value": [{"value": member} for member in members]}


def remove(member):
    return {"op": "remove", "path": f'members[value eq "{member}"]'}


def groups_of(scim, user):
    return {(g["display"], g["type"]) for g in scim.get(f"/Users/{user}").body.get("groups", [])}


def members_of(scim, group):
    return {(m["value"], m["type"]) for m in scim.get(f"/Groups/{group}").body.get("members", [])}


def found(scim, endpoint, filter_):
    return {r["id"] for r in scim.search(endpoint, filter_).body.get("Resources", [])}


def closure():
    return {
        (row.ancestor.name, row.descendant.name, row.depth)
        for row in GroupClosure.objects.select_related("ancestor", "descendant")
    }


@pytest.mark.scim("B052")
def test_without_the_setting_a_group_is_no_member(scim):
    inner, outer = scim.group("Inner"), scim.group("Outer")
    path = f"/Groups/{outer['id']}"
    for operation in (
        add(inner["id"]),
        {"op": "add", "path": "members", "value": [{"value": inner["id"], "type": "Group"}]},
    ):
        answer = scim.patch(path, operation)
        assert (answer.status, answer.scim_type) == (400, "invalidValue")
    schema = scim.get(f"/Schemas/{GROUP}").body
    members = next(a for a in schema["attributes"] if a["name"] == "members")
    told = {s["name"]: s for s in members["subAttributes"]}
    assert told["type"]["canonicalValues"] == told["$ref"]["referenceTypes"] == ["User"]


@pytest.mark.scim("B052", "J03")
def test_with_the_setting_the_schema_says_so(scim, nested):
    schema = scim.get(f"/Schemas/{GROUP}").body
    members = next(a for a in schema["attributes"] if a["name"] == "members")
    told = {s["name"]: s for s in members["subAttributes"]}
    assert told["type"]["canonicalValues"] == told["$ref"]["referenceTypes"] == ["User", "Group"]


@pytest.mark.scim("B047", "B052")
def test_members_and_groups_say_what_they_are(scim, tree):
    assert members_of(scim, tree["company"]) == {
        (tree["department"], "Group"),
        (tree["eve"], "User"),
    }
    assert groups_of(scim, tree["ada"]) == {
        ("Team", "direct"), ("Department", "indirect"), ("Company", "indirect"),
    }  # fmt: skip
    assert groups_of(scim, tree["eve"]) == {("Company", "direct")}
    for member in scim.get(f"/Groups/{tree['company']}").body["members"]:
        assert scim.get(member["$ref"].partition("/v2")[2]).body["id"] == member["value"]
    shown = scim.get(f"/Groups/{tree['company']}?attributes=members.display").body["members"]
    assert {m["display"] for m in shown} == {"Department", "eve@example.com"}


@pytest.mark.scim("B047")
def test_a_listed_user_shows_each_outer_group_once(scim, tree):
    other = scim.group("Other", [tree["ada"]])["id"]
    assert scim.patch(f"/Groups/{tree['department']}", add(other)).status == 204
    listed = {u["id"]: u.get("groups", []) for u in scim.get("/Users").body["Resources"]}
    assert sorted(g["display"] for g in listed[tree["ada"]]) == [
        "Company",
        "Department",
        "Other",
        "Team",
    ]


FILTERS = {
    "/Users": {
        'groups.value eq "{company}"': {"ada", "eve"},
        'groups eq "{department}"': {"ada"},
        'groups.display eq "company"': {"ada", "eve"},
        'groups.display sw "c"': {"ada", "eve"},
        'groups.type eq "indirect"': {"ada"},
        'groups[type eq "direct" and value eq "{company}"]': {"eve"},
        'groups[type eq "indirect" and value eq "{company}"]': {"ada"},
        'groups[type eq "direct" and display eq "department"]': set(),
        'not (groups.value eq "{department}")': {"eve"},
        'groups.value ne "{team}"': {"eve"},
        'groups.value eq "{department}" or userName eq "eve@example.com"': {"ada", "eve"},
        'groups.value eq "{department}" and groups.value eq "{team}"': {"ada"},
        "groups pr": {"ada", "eve"},
        "groups.$ref pr": {"ada", "eve"},
    },
    "/Groups": {
        'members.value eq "{department}"': {"company"},
        'members.value eq "{ada}"': {"team"},
        'members.type eq "Group"': {"department", "company"},
        'members[type eq "User"]': {"team", "company"},
        'members[type eq "Group" and display eq "TEAM"]': {"department"},
        'members[value eq "{eve}"] and members[value eq "{department}"]': {"company"},
        'members.$ref ew "{team}"': {"department"},
        'not (members.type eq "Group")': {"team"},
        "members pr": {"team", "department", "company"},
        'displayName eq "team" or members.value eq "{department}"': {"team", "company"},
    },
}


@pytest.mark.scim("A069", "B047")
@pytest.mark.parametrize(
    ("endpoint", "filter_", "names"),
    [(endpoint, text, names) for endpoint, rows in FILTERS.items() for text, names in rows.items()],
)
def test_filters_see_both_kinds(scim, tree, endpoint, filter_, names):
    assert found(scim, endpoint, filter_.format(**tree)) == {tree[name] for name in names}


@pytest.mark.scim("B054")
@pytest.mark.parametrize("inner", ["company", "department", "team"])
def test_a_circle_is_refused_by_name(scim, tree, inner):
    before = scim.get(f"/Groups/{tree['team']}").body
    answer = scim.patch(f"/Groups/{tree['team']}", add(tree[inner]))
    assert (answer.status, answer.scim_type) == (400, "invalidValue")
    assert inner.title() in answer.body["detail"]
    assert tree[inner] in answer.body["detail"]
    assert scim.get(f"/Groups/{tree['team']}").body == before


@pytest.mark.scim("B054")
def test_a_circle_is_refused_in_a_put(scim, tree):
    body = {"schemas": [GROUP], "displayName": "Team", "members": [{"value": tree["company"]}]}
    assert scim.put(f"/Groups/{tree['team']}", body).scim_type == "invalidValue"
    assert members_of(scim, tree["team"]) == {(tree["ada"], "User")}


def test_an_id_of_nobody_is_refused(scim, tree):
    answer = scim.patch(
        f"/Groups/{tree['team']}", add(tree["eve"], "0" * 8 + "-0000-4000-8000-" + "0" * 12)
    )
    assert (answer.status, answer.scim_type) == (400, "invalidValue")
    assert "user or group" in answer.body["detail"]


def test_how_deep_groups_are_nested_is_limited(scim, tree, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "NESTED_GROUPS_DEPTH": 3}
    low = scim.group("Low")["id"]
    assert scim.patch(f"/Groups/{tree['team']}", add(low)).status == 204
    lower = scim.group("Lower")["id"]
    answer = scim.patch(f"/Groups/{low}", add(lower))
    assert (answer.status, answer.scim_type) == (400, "invalidValue")
    assert scim.patch(f"/Groups/{tree['company']}", add(lower)).status == 204


def test_the_closure_follows_the_edges(scim, tree):
    assert closure() == {
        ("Department", "Team", 1), ("Company", "Department", 1), ("Company", "Team", 2),
    }  # fmt: skip
    scim.patch(f"/Groups/{tree['company']}", add(tree["team"]))
    assert ("Company", "Team", 2) in closure()
    scim.patch(f"/Groups/{tree['department']}", remove(tree["team"]))
    assert closure() == {("Company", "Department", 1), ("Company", "Team", 1)}
    scim.patch(f"/Groups/{tree['company']}", {"op": "remove", "path": "members"})
    assert closure() == set()
    assert groups_of(scim, tree["ada"]) == {("Team", "direct")}


def test_a_put_replaces_groups_too(scim, tree):
    body = {
        "schemas": [GROUP],
        "displayName": "Company",
        "members": [{"value": tree["team"], "type": "Group"}],
    }
    assert scim.put(f"/Groups/{tree['company']}", body).status == 200
    assert members_of(scim, tree["company"]) == {(tree["team"], "Group")}
    assert groups_of(scim, tree["ada"]) == {
        ("Team", "direct"),
        ("Department", "indirect"),
        ("Company", "indirect"),
    }
    event = ProvisioningEvent.objects.latest("pk")
    assert event.changes["members"]["added"] == [tree["team"]]
    assert set(event.changes["members"]["removed"]) == {tree["department"], tree["eve"]}


def test_what_is_there_already_moves_nothing(scim, tree):
    path = f"/Groups/{tree['company']}"
    before = scim.get(path).body
    assert scim.patch(path, add(tree["department"])).status == 204
    assert scim.patch(path, remove(tree["team"])).status == 204
    assert scim.get(path).body == before


def test_members_go_by_any_filter_and_by_value(scim, tree):
    path = f"/Groups/{tree['company']}"
    assert scim.patch(path, {"op": "remove", "path": 'members[type eq "Group"]'}).status == 204
    assert members_of(scim, tree["company"]) == {(tree["eve"], "User")}
    scim.patch(path, add(tree["team"]))
    by_value = {
        "op": "remove",
        "path": "members",
        "value": [{"value": tree["team"], "type": "Group"}],
    }
    assert scim.patch(path, by_value).status == 204
    assert members_of(scim, tree["company"]) == {(tree["eve"], "User")}


@pytest.mark.parametrize("by_scim", [True, False])
def test_a_group_that_goes_leaves_the_groups_around_it(scim, tree, by_scim):
    before = scim.get(f"/Groups/{tree['company']}").body["meta"]["version"]
    if by_scim:
        assert scim.delete(f"/Groups/{tree['department']}").status == 204
    else:
        Group.objects.get(name="Department").delete()
    assert closure() == set()
    assert members_of(scim, tree["company"]) == {(tree["eve"], "User")}
    assert scim.get(f"/Groups/{tree['company']}").body["meta"]["version"] != before
    assert groups_of(scim, tree["ada"]) == {("Team", "direct")}


def test_a_way_around_a_group_that_goes_stays(scim, tree):
    scim.patch(f"/Groups/{tree['company']}", add(tree["team"]))
    scim.delete(f"/Groups/{tree['department']}")
    assert closure() == {("Company", "Team", 1)}


def test_protected_groups_are_no_members(scim, tree):
    group = Group.objects.create(name="Admins")
    group.permissions.add(Permission.objects.first())
    row = ScimGroup.objects.get(group=group)
    assert scim.patch(f"/Groups/{tree['team']}", add(str(row.pk))).scim_type == "invalidValue"


def test_a_group_of_another_connection_is_noted(scim, other, tree):
    theirs = other.group("Theirs")["id"]
    assert scim.patch(f"/Groups/{tree['team']}", add(theirs)).status == 204
    assert "belongs to another connection" in ProvisioningEvent.objects.latest("pk").notes[0]
    assert other.patch(f"/Groups/{theirs}", add(tree["company"])).scim_type == "invalidValue"


def test_turned_off_again_groups_are_not_shown(scim, tree, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "NESTED_GROUPS": False}
    assert members_of(scim, tree["company"]) == {(tree["eve"], "User")}
    assert groups_of(scim, tree["ada"]) == {("Team", "direct")}
    assert found(scim, "/Users", f'groups.value eq "{tree["company"]}"') == {tree["eve"]}


def permission_of(name):
    permission = Permission.objects.select_related("content_type").first()
    Group.objects.get(name=name).permissions.add(permission)
    return f"{permission.content_type.app_label}.{permission.codename}"


def account(identifier):
    return get_user_model().objects.get(scim__id=identifier)


def test_outer_groups_give_permissions_by_the_backend(scim, tree, settings):
    name = permission_of("Company")
    assert not account(tree["ada"]).has_perm(name)
    assert account(tree["eve"]).has_perm(name)
    backend = "scim_provisioning.backends.NestedGroupsBackend"
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, backend]
    assert account(tree["ada"]).has_perm(name)
    assert list(account(tree["ada"]).groups.values_list("name", flat=True)) == ["Team"]
    get_user_model().objects.filter(scim__id=tree["ada"]).update(is_active=False)
    assert not account(tree["ada"]).has_perm(name)


def test_outer_groups_count_as_privilege(scim, tree):
    ada = account(tree["ada"])
    assert not ownership.has_privilege(ada.pk)
    permission_of("Company")
    assert ownership.has_privilege(ada.pk)


def test_groups_are_nested_in_a_bulk(scim, nested):
    def group(name, *members):
        data = {"schemas": [GROUP], "displayName": name, "members": [{"value": m} for m in members]}
        return {"method": "POST", "path": "/Groups", "bulkId": name, "data": data}

    user = {
        "method": "POST",
        "path": "/Users",
        "bulkId": "ada",
        "data": {"schemas": [USER], "userName": "ada@example.com"},
    }
    operations = [
        group("Company", "bulkId:Team"),
        group("Team", "bulkId:ada"),
        user,
        group("A", "bulkId:B"),
        group("B", "bulkId:A"),
    ]
    answer = scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})
    results = answer.body["Operations"]
    assert [r["status"] for r in results] == ["201", "201", "201", "409", "409"]
    ada = results[2]["location"].rpartition("/")[2]
    assert groups_of(scim, ada) == {("Team", "direct"), ("Company", "indirect")}


def test_a_very_long_list_of_nobody_is_refused(scim, tree):
    ids = [f"00000000-0000-4000-8000-{i:012x}" for i in range(40_000)]
    answer = scim.patch(f"/Groups/{tree['team']}", add(*ids))
    assert (answer.status, answer.scim_type) == (400, "invalidValue")


@pytest.mark.parametrize("key", ["groups.display", "groups.type", "groups.value"])
def test_users_are_sorted_by_their_direct_groups(scim, tree, key):
    answer = scim.get(f"/Users?sortBy={key}")
    assert (answer.status, answer.body["totalResults"]) == (200, 2)


def test_a_query_of_everything_sees_nested_groups(scim, tree):
    path = f'/?filter=members.value eq "{tree["department"]}" or groups.value eq "{tree["department"]}"'
    shown = {r["id"] for r in scim.get(path).body["Resources"]}
    assert shown == {tree["company"], tree["ada"]}


def cost(send, status):
    with CaptureQueriesContext(connection) as queries:
        assert send().status == status
    return len([q for q in queries if not q["sql"].startswith(SILENT)])


@pytest.mark.parametrize("size", [10, 2000])
def test_a_member_costs_the_same_in_a_group_of_any_size(scim, nested, size):
    users = get_user_model()._default_manager
    field = get_user_model().USERNAME_FIELD
    made = users.bulk_create(
        [get_user_model()(**{field: f"m{i}@example.com"}) for i in range(size)]
    )
    big, small, outsider = scim.group("Big")["id"], scim.group("Small")["id"], scim.user()["id"]
    Group.objects.get(name="Big").user_set.set(made)
    path = f"/Groups/{big}"
    assert cost(lambda: scim.patch(path, add(outsider)), 204) == 6
    assert cost(lambda: scim.patch(path, remove(outsider)), 204) == 6
    assert cost(lambda: scim.patch(path, add(small)), 204) == 15
    assert cost(lambda: scim.patch(path, remove(small)), 204) == 15
    assert cost(lambda: scim.get(f"{path}?excludedAttributes=members"), 200) == 2


@pytest.mark.parametrize("depth", [1, 8])
def test_reads_and_changes_cost_the_same_however_deep(scim, nested, depth):
    user = scim.user()["id"]
    inner = scim.group("g0", [user])["id"]
    for i in range(depth):
        inner = scim.group(f"g{i + 1}", [inner])["id"]
    assert GroupNesting.objects.count() == depth
    scim.get("/Users")
    low, top = ScimGroup.objects.get(display_name="g0").pk, scim.group("top")["id"]
    assert cost(lambda: scim.get(f"/Users/{user}"), 200) == 2
    assert cost(lambda: scim.get("/Users?count=50"), 200) <= 3
    assert cost(lambda: scim.patch(f"/Groups/{low}", add(top)), 204) == 15


@pytest.mark.parametrize(
    "harm",
    [
        lambda rows: rows.all().delete(),
        lambda rows: rows.update(depth=7),
        lambda rows: rows.filter(depth=2).delete(),
        lambda rows: rows.create(
            ancestor=Group.objects.get(name="Team"),
            descendant=Group.objects.get(name="Company"),
            depth=1,
        ),
    ],
    ids=["none left", "too deep", "a gap", "upside down"],
)
def test_a_closure_that_does_not_follow_from_its_edges_is_mended(tree, harm):
    right = closure()
    harm(GroupClosure.objects)
    wrong = closure()
    assert backfill.run(mend=False).nesting > 0
    assert closure() == wrong
    assert backfill.run().nesting == len({(o, i) for o, i, _ in wrong ^ right})
    assert closure() == right
    assert backfill.run().is_clean


def test_edges_in_a_circle_are_left_out_of_the_closure(tree):
    team, company = (Group.objects.get(name=name) for name in ("Team", "Company"))
    GroupNesting.objects.create(group=team, member=company)
    backfill.run()
    assert closure() == set()
    assert backfill.run().is_clean


def test_a_local_group_within_one_with_permissions_waits_for_approval(scim, other, nested):
    inner = Group.objects.create(name="Inner")
    outer = scim.group("Outer", [str(inner.scim.pk)])
    eve = other.user("eve@example.com")["id"]
    Group.objects.get(name="Outer").permissions.set(Permission.objects.all()[:1])
    assert other.patch(f"/Groups/{inner.scim.pk}", add(eve)).status == 403
    found = Finding.objects.get(kind=FindingKind.UNAPPROVED, connection=other.connection)
    assert found.group == inner.scim
    assert members_of(scim, outer["id"]) == {(str(inner.scim.pk), "Group")}
    findings.allow(found)
    assert other.patch(f"/Groups/{inner.scim.pk}", add(eve)).status == 204


def test_a_local_group_within_a_plain_one_is_linked(scim, other, nested):
    inner = Group.objects.create(name="Inner")
    scim.group("Outer", [str(inner.scim.pk)])
    eve = other.user("eve@example.com")["id"]
    assert other.patch(f"/Groups/{inner.scim.pk}", add(eve)).status == 204
