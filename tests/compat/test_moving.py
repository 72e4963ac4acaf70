"""A site of django-scim2 moves over: served by that package first, by this one afterwards."""

from __future__ import annotations

import json

import pytest
import requests

from tests.compat.site import Site
from tests.databases import empty_database

pytest.importorskip("django_scim", reason="django-scim2 wants a Django below 6.1.")
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PAINT = "urn:example:params:scim:schemas:extension:paint:2.0:User"
PREPARE = """
import django; django.setup()
from tests.compat_site.models import Account, Team
Account.objects.create(username="client")
Account.objects.create(username="hidden")
"""
JOIN = """
import django; django.setup()
from tests.compat_site.models import Account, Team
Team.objects.get(name="Ops").user_set.add(Account.objects.get(username="ada"))
Account.objects.filter(username="long").update(scim_id="an id of more characters than that")
"""
SEAL = """
import django; django.setup()
from tests.compat_site.models import Account
Account.objects.filter(username="kept").update(color="sealed")
"""


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """What django-scim2 answered, with the database that it left."""
    with empty_database(tmp_path_factory.mktemp("site")) as url:
        yield provisioned(Site(url))


def provisioned(site):
    site.run("settings_before", "-m", "django", "migrate", "-v0")
    site.run("settings_before", "-c", PREPARE)
    site.headers = {"X-Account": "client"}
    with site.served("settings_before"):
        for name in ("ada", "eve", "long"):
            site.made = site.send("POST", "/Users", {
                "schemas": [USER], "userName": name, "externalId": f"ext-{name}",
                "name": {"givenName": name.title(), "familyName": "Love"},
                "emails": [{"value": f"{name}@example.com", "primary": True}],
                "favoriteColor": "blue", "active": True,
            })  # fmt: skip
            assert site.made[0] == 201
        assert site.send("POST", "/Groups", {"displayName": "Ops"})[0] == 201
        site.run("settings_before", "-c", JOIN)
        site.users = {u["userName"]: u for u in site.send("GET", "/Users")[1]["Resources"]}
        site.groups = {g["displayName"]: g for g in site.send("GET", "/Groups")[1]["Resources"]}
    return site


@pytest.fixture(scope="module")
def after(before):
    """The same site, moved and served."""
    before.manage("migrate", "-v0")
    made = json.loads(before.manage("connection", "create", "Okta", "--json"))
    south = json.loads(
        before.manage("connection", "create", "South", "--username", "south", "--json")
    )
    barred = json.loads(
        before.manage("connection", "create", "Barred", "--username", "barred", "--json")
    )
    before.barred = {"Authorization": f"Bearer {barred['token']}"}
    before.dry = before.manage("import_django_scim2", "--connection", "Okta", "--dry-run")
    before.first = before.manage("import_django_scim2", "--connection", "Okta")
    before.second = json.loads(
        before.manage("import_django_scim2", "--connection", "Okta", "--json")
    )
    before.headers = {"Authorization": f"Bearer {made['token']}"}
    before.south = {"Authorization": f"Bearer {south['token']}"}
    with before.served("settings"):
        yield before


def test_the_command_tells_what_differs_writes_it_and_finds_nothing_left(after):
    assert "left out: long: the id 'an id of more characters" in after.dry
    assert after.dry.endswith("Nothing was written.\n")
    assert after.first.endswith("Done.\n")
    for report in after.second.values():
        moved = ("added", "ids", "external_ids", "owned", "memberships")
        assert [report[name] for name in moved] == [0] * len(moved)


def test_ids_names_and_external_ids_are_what_they_were(after):
    for name in ("ada", "eve"):
        was = after.users[name]
        status, user = after.send("GET", f"/Users/{was['id']}")
        assert (status, len(was["id"]) < 4) == (200, True)
        # What django-scim2 made up of the two names, nobody had sent.
        assert was["name"].pop("formatted")
        for key in ("id", "userName", "externalId", "name", "favoriteColor", "active", PAINT):
            assert user[key] == was[key], key
        assert (
            user["meta"]["location"] == f"https://scim.example.com/rest/scim/v2/Users/{was['id']}"
        )
    status, group = after.send("GET", f"/Groups/{after.groups['Ops']['id']}")
    assert (status, group["displayName"], group["size"]) == (200, "Ops", 1)
    [member] = group["members"]
    assert member["value"] == after.users["ada"]["id"]
    assert member["$ref"].endswith(f"/Users/{member['value']}")


@pytest.mark.parametrize(
    "text", ['id eq "{id}"', 'externalId eq "ext-ada"', 'id sw "{id}" and userName eq "ada"',
             'meta.location ew "/Users/{id}"', 'groups.value eq "{group}"',
             'groups.$ref ew "/Groups/{group}"'],
)  # fmt: skip
def test_ids_are_found_by_filters(after, text):
    text = text.format(id=after.users["ada"]["id"], group=after.groups["Ops"]["id"])
    status, found = after.send("GET", f"/Users?filter={requests.utils.quote(text)}")
    assert (status, [u["userName"] for u in found["Resources"]]) == (200, ["ada"])


def test_a_new_user_passes_the_adapter_and_gets_an_id_of_the_same_kind(after):
    status, made = after.send("POST", "/Users", {
        "schemas": [USER], "userName": "new", "name": {"familyName": "Hopper"},
        "emails": [{"value": "b@example.com", "type": "work"}, {"value": "a@example.com"}],
        "favoriteColor": "red", "externalId": "x-1", "title": "Admiral",
    })  # fmt: skip
    assert status == 201, made
    assert made["name"]["familyName"] == "HOPPER"
    assert (made["favoriteColor"], made[PAINT], made["title"]) == (
        "red", {"tenant": "north"}, "Admiral",
    )  # fmt: skip
    assert PAINT in made["schemas"]
    assert [e["value"] for e in made["emails"]] == ["b@example.com", "a@example.com"]
    row = after.account("new", "scim_id", "scim_external_id", "scim_username", "pk", "email")
    assert row == {
        "scim_id": made["id"], "scim_external_id": "x-1", "scim_username": "new",
        "pk": int(made["id"]), "email": "b@example.com",
    }  # fmt: skip
    assert after.send("GET", f"/Users/{made['id']}")[1] == made


def test_what_the_adapter_refuses_is_refused_with_its_status_and_changes_nothing(after):
    body = {"schemas": [USER], "userName": "beige"}
    status, error = after.send("POST", "/Users", {**body, "favoriteColor": "beige"})
    assert (status, error["detail"], error["scimType"]) == (
        400, "Nobody likes beige.", "invalidValue",
    )  # fmt: skip
    status, error = after.send("POST", "/Users", {**body, "favoriteColor": "taken"})
    assert (status, error["scimType"]) == (409, "uniqueness")
    assert after.send("POST", "/Users", body)[0] == 201


def test_patch_reaches_the_adapter_by_paths_that_only_it_knows(after):
    path = f"/Users/{after.users['eve']['id']}"
    status, user = after.patch(
        path,
        {"op": "Replace", "path": "favoriteColor", "value": "green"},
        {"op": "replace", "value": {"title": "Dr", "active": "False", "unheard": 1}},
        {"op": "replace", "path": "name.familyName", "value": "Miss"},
        {"op": "replace", "path": "familyName", "value": "Moss"},
    )
    assert (status, user["favoriteColor"], user["title"], user["active"]) == (
        200, "green", "Dr", False,
    )  # fmt: skip
    assert user["name"]["familyName"] == "Moss"
    row = after.account("eve", "color", "is_active", "last_name")
    assert row == {"color": "green", "is_active": False, "last_name": "Moss"}
    status, error = after.patch(path, {"op": "replace", "path": "unheard", "value": 1})
    assert (status, error["scimType"]) == (400, "invalidPath")
    assert after.patch(path, {"op": "replace", "path": "favoriteColor", "value": "beige"})[0] == 400
    assert after.send("GET", path)[1]["favoriteColor"] == "green"


def test_put_replaces_and_keeps_what_it_does_not_name_of_ours(after):
    path = f"/Users/{after.users['ada']['id']}"
    body = {"schemas": [USER], "userName": "ada", "name": {"familyName": "King"}}
    status, user = after.send("PUT", path, {**body, "favoriteColor": "black", "password": "x"})
    assert (status, user["favoriteColor"], user["externalId"]) == (200, "black", "ext-ada")
    assert user["name"] == {**user["name"], "familyName": "KING"}
    assert not after.account("ada", "password")["password"].startswith("md5")


def test_projections_hold_for_what_the_adapter_adds(after):
    path = f"/Users/{after.users['ada']['id']}"
    assert set(after.send("GET", f"{path}?attributes=userName")[1]) == {"schemas", "id", "userName"}
    shown = after.send("GET", f"{path}?attributes=favoriteColor")[1]
    assert set(shown) == {"schemas", "id", "favoriteColor"}
    assert "favoriteColor" not in after.send("GET", f"{path}?excludedAttributes=favoriteColor")[1]


def test_members_are_named_by_the_ids_of_before_and_reach_the_site(after):
    group, ada = f"/Groups/{after.groups['Ops']['id']}", after.users["ada"]["id"]
    eve = after.users["eve"]["id"]
    add = {"op": "add", "path": "members", "value": [{"value": eve}]}
    assert after.patch(group, add)[0] == 204
    found = after.send("GET", group)[1]
    assert {m["value"] for m in found["members"]} == {ada, eve}
    assert found["size"] == 2
    remove = {"op": "remove", "path": f'members[value eq "{eve}"]'}
    assert after.patch(group, remove)[0] == 204
    assert after.send("GET", group)[1]["size"] == 1
    status, error = after.patch(group, {**add, "value": [{"value": "999"}]})
    assert (status, error["scimType"]) == (400, "invalidValue")


def test_a_group_is_made_beside_the_sites_own_and_goes_with_it(after):
    status, made = after.send("POST", "/Groups", {"schemas": [GROUP], "displayName": "Devs"})
    assert (status, made["size"]) == (201, 0)
    path = f"/Groups/{made['id']}"
    # The package's own adapter renames by a path that is no attribute's.
    rename = {"op": "replace", "path": "name", "value": [{"value": "Makers"}]}
    assert after.patch(path, rename)[0] == 204
    assert after.send("GET", path)[1]["displayName"] == "Makers"
    assert "Makers" in after.teams()
    assert after.send("DELETE", f"/Groups/{made['id']}")[0] == 204
    assert after.send("GET", f"/Groups/{made['id']}")[0] == 404
    assert "Makers" not in after.teams()


def test_deletion_is_the_adapters(after):
    _, made = after.send("POST", "/Users", {"schemas": [USER], "userName": "leaver"})
    path = f"/Users/{made['id']}"
    assert after.send("DELETE", path)[0] == 204
    assert after.account("leaver", "gone", "is_active") == {"gone": True, "is_active": False}
    assert after.send("GET", path)[0] == 404
    assert after.send("DELETE", path)[0] == 404


def test_what_the_getters_hide_is_nowhere(after):
    names = {u["userName"] for u in after.send("GET", "/Users")[1]["Resources"]}
    assert "ada" in names
    assert "hidden" not in names
    assert after.send("GET", '/Users?filter=userName eq "hidden"')[1]["totalResults"] == 0


def test_a_tenant_sees_itself_alone(after):
    hidden = f"/Users/{after.users['ada']['id']}"
    status, mine = after.send(
        "POST", "/Users", {"schemas": [USER], "userName": "sue"}, **after.south
    )
    assert (status, mine[PAINT]) == (201, {"tenant": "south"})
    for method, body in (("GET", None), ("PUT", {"schemas": [USER], "userName": "ada"}),
                         ("DELETE", None)):  # fmt: skip
        assert after.send(method, hidden, body, **after.south)[0] == 404
    for query in ("", "?cursor=", "?filter=userName pr", "?startIndex=1&sortBy=userName"):
        found = after.send("GET", f"/Users{query}", **after.south)[1]
        assert [u["userName"] for u in found["Resources"]] == ["sue"]
        assert found["totalResults"] == 1
    group = after.send("GET", f"/Groups/{after.groups['Ops']['id']}", **after.south)[1]
    assert "members" not in group
    named = [{"value": after.users["ada"]["id"]}]
    body = {"schemas": [GROUP], "displayName": "South", "members": named}
    assert after.send("POST", "/Groups", body, **after.south)[0] == 400
    body["members"] = [{"value": mine["id"]}]
    assert after.send("POST", "/Groups", body, **after.south)[0] == 201


def test_the_service_tells_the_sites_words(after):
    config = after.send("GET", "/ServiceProviderConfig")[1]
    assert config["documentationUri"] == "https://docs.example.com/scim"
    names = {s["type"]: s["name"] for s in config["authenticationSchemes"]}
    assert names["oauthbearertoken"] == "Our tokens"
    assert len(names) > 1


def test_what_the_object_processor_keeps_opens_for_nobody(after):
    body = {"schemas": [USER], "userName": "kept", "favoriteColor": "blue"}
    path = f"/Users/{after.send('POST', '/Users', body)[1]['id']}"
    assert after.send("GET", path)[0] == 200
    after.run("settings", "-c", SEAL)
    for request in (("GET", path), ("PUT", path, body), ("DELETE", path)):
        assert after.send(*request)[0] == 404
    assert after.send("GET", '/Users?filter=userName eq "kept"')[1]["totalResults"] == 1


def test_whom_the_predicate_refuses_is_401(after):
    status, error = after.send("GET", "/Users", **after.barred)
    assert (status, error["status"]) == (401, "401")
