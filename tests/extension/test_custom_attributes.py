"""Attributes that an administrator declares: everywhere at once, without code."""

from __future__ import annotations

import pytest

from scim_provisioning.admin.attributes import CustomAttributeForm
from scim_provisioning.directory import declaring
from scim_provisioning.models import Connection, CustomAttribute, ScimUser
from scim_provisioning.resources import custom
from tests.scim_client import USER

pytestmark = pytest.mark.django_db
SITE = "urn:ietf:params:scim:schemas:extension:custom:2.0:User"


def declare(name, type="string", **more):
    return CustomAttribute.objects.create(name=name, type=type, **more)


@pytest.fixture
def declared(scim):
    declare("badge")
    declare("code", case_exact=True)
    declare("level", "integer")
    declare("rate", "decimal")
    declare("remote", "boolean")
    declare("joined", "dateTime")
    declare("page", "reference")
    declare("skills", multi_valued=True)
    declare("floors", "integer", multi_valued=True)


VALUES = {
    "badge": "B-Straße", "code": "Ab", "level": 10, "rate": 2.5, "remote": True, "joined": "2026-01-31T08:00:00+01:00",
    "page": "https://example.com/A", "skills": ["Python", "SQL 100%"], "floors": [1, 12],
}  # fmt: skip


@pytest.fixture
def ada(scim, declared):
    return scim.user(schemas=[USER, SITE], **{SITE: VALUES})


def test_it_is_advertised(scim, declared):
    schema = scim.get(f"/Schemas/{SITE}").body
    found = {a["name"]: (a["type"], a["multiValued"], a["caseExact"]) for a in schema["attributes"]}
    assert found["badge"] == ("string", False, False)
    assert found["code"] == ("string", False, True)
    assert found["floors"] == ("integer", True, False)
    extensions = scim.get("/ResourceTypes/User").body["schemaExtensions"]
    assert SITE in [extension["schema"] for extension in extensions]


def test_it_is_written_and_read(scim, ada):
    assert ada[SITE] == VALUES
    assert ada["schemas"] == [USER, SITE]
    assert scim.get(f"/Users/{ada['id']}").body == ada
    assert scim.get("/Users").body["Resources"] == [ada]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('badge eq "b-STRASSE"', False), ('badge eq "B-STRAßE"', True), ('badge co "stra"', True),
        ('badge sw "b-"', True), ('badge ew "B-"', False), ("badge pr", True), ('badge ne "x"', True),
        ('badge gt "a"', True), ('code eq "Ab"', True), ('code eq "ab"', False), ("level eq 10", True),
        ("level gt 9", True), ("level lt 9", False), ("rate ge 2.50", True), ("rate gt 2.5", False),
        ("remote eq true", True), ("remote eq false", False), ('joined eq "2026-01-31T07:00:00Z"', True),
        ('joined gt "2026-01-31T06:59:59Z"', True), ('joined lt "2025-01-01T00:00:00Z"', False),
        ('page eq "https://example.com/A"', True), ('page eq "https://example.com/a"', False),
        ('skills eq "python"', True), ('skills eq "SQL 100%"', True), ('skills eq "SQL 100"', False),
        ('skills eq "pyth"', False), ('skills sw "pyth"', True), ('skills ew "100%"', True), ('skills co "ql"', True),
        ('skills ne "cobol"', True), ("skills pr", True), ("floors eq 12", True), ("floors eq 2", False),
        ('not (skills eq "python") or level eq 11', False),
    ],
)  # fmt: skip
def test_it_is_filtered(scim, ada, text, holds):
    names = ("badge", "code", "level", "rate", "remote", "joined", "page", "skills", "floors")
    for name in names:
        text = text.replace(f"{name} ", f"{SITE}:{name} ") if text.startswith(name) else text
    text = text.replace("not (skills", f"not ({SITE}:skills").replace(
        "or level", f"or {SITE}:level"
    )
    scim.user("eve@example.com", active=False)
    found = scim.search("/Users", f"({text}) and active eq true").body
    assert found["totalResults"] == int(holds)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("level", "ten"), ("level", 1.5), ("level", 2**63), ("rate", "much"), ("rate", True), ("remote", 2),
        ("joined", "today"), ("joined", 5), ("skills", [{"a": 1}]), ("floors", ["x"]), ("badge", {"a": 1}),
    ],
)  # fmt: skip
def test_values_of_other_types_are_refused(scim, ada, name, value):
    change = {"op": "replace", "path": f"{SITE}:{name}", "value": value}
    refused = scim.patch(f"/Users/{ada['id']}", change)
    assert (refused.status, refused.scim_type) == (400, "invalidValue")
    assert scim.get(f"/Users/{ada['id']}").body == ada


def test_schemas_select_by_it(scim, ada):
    scim.user("eve@example.com")
    found = scim.search("/Users", f'schemas eq "{SITE}"').body["Resources"]
    assert [user["id"] for user in found] == [ada["id"]]


@pytest.mark.parametrize("text", ["skills gt", "floors lt"])
def test_many_values_have_no_order(scim, ada, text):
    value = '"a"' if text.startswith("s") else "1"
    assert scim.search("/Users", f"{SITE}:{text} {value}").scim_type == "invalidFilter"
    assert scim.get(f"/Users?sortBy={SITE}:{text.split()[0]}").scim_type == "invalidPath"


@pytest.mark.parametrize("name", ["badge", "level", "rate", "joined"])
def test_it_is_sorted(scim, ada, name):
    low = {"badge": "a", "level": 9, "rate": 1, "joined": "2026-01-31T08:30:00+02:00"}
    eve = scim.user("eve@example.com", schemas=[USER, SITE], **{SITE: low})
    bob = scim.user("bob@example.com")
    for order, expected in (("ascending", [eve, ada, bob]), ("descending", [bob, ada, eve])):
        listed = scim.get(f"/Users?sortBy={SITE}:{name}&sortOrder={order}").body["Resources"]
        assert [user["id"] for user in listed] == [user["id"] for user in expected]


def test_it_is_patched_and_replaced(scim, ada):
    path = f"/Users/{ada['id']}"
    operations = [
        {"op": "replace", "path": f"{SITE}:badge", "value": "C"},
        {"op": "add", "path": f"{SITE}:skills", "value": ["Go", "Python"]},
        {"op": "remove", "path": f"{SITE}:level"},
    ]
    changed = scim.patch(path, *operations).body[SITE]
    assert (changed["badge"], changed["skills"]) == ("C", ["Python", "SQL 100%", "Go"])
    assert "level" not in changed
    assert scim.search("/Users", f'{SITE}:badge eq "c"').body["totalResults"] == 1
    replaced = scim.put(
        path, {"schemas": [USER, SITE], "userName": "ada@example.com", SITE: {"level": 1}}
    )
    assert replaced.body[SITE] == {"level": 1}
    assert SITE not in scim.patch(path, {"op": "remove", "path": f"{SITE}:level"}).body


@pytest.mark.parametrize(
    ("name", "value"),
    [("badge", 1), ("level", "10"), ("level", 1.5), ("remote", 1), ("joined", "today"), ("skills", [1]), ("floors", ["x"])],
)  # fmt: skip
def test_wrong_types_are_invalid_values(scim, declared, name, value):
    body = {"schemas": [USER, SITE], "userName": "ada@example.com", SITE: {name: value}}
    assert scim.post("/Users", body).scim_type == "invalidValue"


def test_it_is_projected_and_recorded(scim, ada):
    path = f"/Users/{ada['id']}"
    assert scim.get(f"{path}?attributes={SITE}:level").body[SITE] == {"level": 10}
    assert SITE not in scim.get(f"{path}?excludedAttributes={SITE}").body
    assert scim.connection.events.get().changes[f"{SITE}:level"] == [None, 10]


def test_a_value_that_is_hidden_stays_and_comes_back(scim, ada):
    badge = CustomAttribute.objects.get(name="badge")
    badge.hidden = True
    badge.save()
    path = f"/Users/{ada['id']}"
    assert "badge" not in scim.get(path).body[SITE]
    assert scim.search("/Users", f"{SITE}:badge pr").scim_type == "invalidFilter"
    scim.put(path, {"schemas": [USER, SITE], "userName": "ada@example.com", SITE: {"level": 1}})
    badge.hidden = False
    badge.save()
    assert scim.get(path).body[SITE] == {"level": 1, "badge": VALUES["badge"]}
    assert scim.search("/Users", f'{SITE}:badge eq "b-straßE"').body["totalResults"] == 1


def test_groups_may_have_one_too(scim):
    declare("costs", "integer", resource_type="Group")
    urn = SITE.replace("User", "Group")
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", urn],
        "displayName": "Ops",
        urn: {"costs": 7},
    }
    assert scim.post("/Groups", body).body[urn] == {"costs": 7}
    assert scim.search("/Groups", f"{urn}:costs gt 6").body["totalResults"] == 1


def refused(**fields):
    form = CustomAttributeForm({"resource_type": "User", "type": "string", **fields})
    return sorted(form.errors)


@pytest.mark.scim("B002", "B034")
@pytest.mark.parametrize(
    "name",
    ["userName", "USERNAME", "id", "meta", "schemas", "department", "1st", "a b", "ä", "", "value", "$ref", "x" * 65],
)  # fmt: skip
def test_names_that_mean_something_else_are_refused(scim, name):
    assert refused(name=name) == ["name"]


def test_a_name_is_declared_once_whatever_its_case(scim):
    declare("badge", hidden=True)
    assert refused(name="BADGE")
    assert refused(name="badge", resource_type="Group") == []


@pytest.mark.parametrize(
    ("fields", "wrong"), [({"resource_type": "Car"}, "resource_type"), ({"type": "complex"}, "type"),
                          ({"type": "integer", "case_exact": True}, "case_exact")],
)  # fmt: skip
def test_what_there_is_not_is_refused(scim, fields, wrong):
    assert refused(name="badge", **fields) == [wrong]


def test_what_it_is_stays_what_it_is(scim, admin_client, ada):
    badge = CustomAttribute.objects.get(name="badge")
    url = f"/admin/scim_provisioning/customattribute/{badge.pk}/change/"
    sent = {"name": "other", "type": "integer", "description": "What opens doors", "hidden": "on"}
    assert admin_client.post(url, sent).status_code == 302
    badge.refresh_from_db()
    assert (badge.name, badge.type, badge.hidden) == ("badge", "string", True)
    assert badge.description == "What opens doors"


def test_an_administrator_declares_one(scim, admin_client):
    url = "/admin/scim_provisioning/customattribute/add/"
    sent = {"resource_type": "User", "name": "badge", "type": "string"}
    assert admin_client.post(url, sent).status_code == 302
    body = {"schemas": [USER, SITE], "userName": "ada@example.com", SITE: {"badge": "B"}}
    assert scim.post("/Users", body).body[SITE] == {"badge": "B"}


def test_deleting_asks_and_takes_the_values(scim, admin_client, ada, monkeypatch):
    monkeypatch.setattr(declaring, "BATCH", 1)
    eve = scim.user("eve@example.com", schemas=[USER, SITE], **{SITE: {"badge": "e"}})
    badge = CustomAttribute.objects.get(name="badge")
    url = f"/admin/scim_provisioning/customattribute/{badge.pk}/delete/"
    assert "2 values of badge go with it" in admin_client.get(url).content.decode()
    assert admin_client.post(url, {"post": "yes"}).status_code == 302
    seen = scim.get(f"/Users/{ada['id']}").body
    assert "badge" not in seen[SITE]
    assert seen["meta"]["version"] != ada["meta"]["version"]
    assert ScimUser.objects.get(pk=eve["id"]).extensions == {}
    declare("badge", "integer")
    assert scim.get("/Users").status == 200
    assert scim.search("/Users", f"{SITE}:badge pr").body["totalResults"] == 0


def test_several_are_deleted_together(scim, admin_client, ada):
    keys = list(CustomAttribute.objects.values_list("pk", flat=True))
    sent = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
    page = admin_client.post("/admin/scim_provisioning/customattribute/", sent, follow=True)
    assert "9 values were removed" in page.content.decode()
    assert SITE not in scim.get(f"/Users/{ada['id']}").body


def test_another_process_hears_of_it_with_the_next_request(
    scim, monkeypatch, django_assert_num_queries
):
    scim.get("/Users")
    before = custom.known()
    declare("badge")
    # Another process knows what it knew before.
    monkeypatch.setattr(custom, "_known", before)
    assert scim.get(f"/Schemas/{SITE}").status == 200
    known = custom.known()
    custom.refresh(Connection.objects.get(pk=scim.connection.pk).schemas_changed)
    assert custom.known() is known


def test_what_is_open_to_everybody_is_current_too(scim, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "OPEN_DISCOVERY": True}
    declare("badge")
    assert scim.get(f"/Schemas/{SITE}", authorization=None).status == 200


def test_the_moment_moves_on(scim):
    moments = []
    for name in "abc":
        declare(name)
        moments.append(Connection.objects.get().schemas_changed)
    assert moments == sorted(set(moments))


def test_without_any_nothing_is_stored(scim):
    user = scim.user(schemas=[USER, SITE], **{SITE: {"badge": "x"}})
    assert SITE not in user
    assert ScimUser.objects.get(pk=user["id"]).extensions == {}
