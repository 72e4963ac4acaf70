"""Bulk over HTTP (RFC 7644 section 3.7): each operation as if it were sent alone."""

from __future__ import annotations

import json

import pytest

from scim_provisioning.models import Connection, Finding, ProvisioningEvent, ScimUser
from tests.scim_client import (
    BULK_REQUEST,
    BULK_RESPONSE,
    ENTERPRISE,
    ERROR,
    GROUP,
    PATCH_OP,
    USER,
)

pytestmark = pytest.mark.django_db


def person(bulk_id, name=None, manager=None, **more):
    data = {"schemas": [USER, ENTERPRISE], "userName": f"{name or bulk_id}@example.com", **more}
    if manager:
        data[ENTERPRISE] = {"manager": {"value": manager}}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def group(bulk_id, *members, name=None):
    entries = [{"value": member} for member in members]
    data = {"schemas": [GROUP], "displayName": name or bulk_id, "members": entries}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def change(path, *operations, **more):
    data = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return {"method": "PATCH", "path": path, "data": data, **more}


def gone(path, **more):
    return {"method": "DELETE", "path": path, **more}


def send(scim, *operations, **more):
    return scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations, **more})


def done(scim, *operations, **more):
    """Return the results of a Bulk."""
    answer = send(scim, *operations, **more)
    assert answer.status == 200, answer.body
    assert answer.body["schemas"] == [BULK_RESPONSE]
    return answer.body["Operations"]


def statuses(results):
    return [result["status"] for result in results]


def made(results):
    """Return the ids of what was created, by bulkId."""
    return {
        result["bulkId"]: result["location"].rpartition("/")[2]
        for result in results
        if result["method"] == "POST" and result["status"] == "201"
    }


def members(scim, identifier):
    return {m["value"] for m in scim.get(f"/Groups/{identifier}").body.get("members", [])}


def manager(scim, identifier):
    return scim.get(f"/Users/{identifier}").body[ENTERPRISE]["manager"]["value"]


@pytest.mark.scim("A003", "A147", "A151", "A154", "A158", "A159", "A160")
def test_every_method_is_answered_as_it_would_be_alone(scim):
    ada, eve, ops = scim.user("ada@example.com"), scim.user("eve@example.com"), scim.group("Ops")
    title = {"op": "add", "path": "title", "value": "Countess"}
    results = done(
        scim,
        person("new"),
        {"method": "PUT", "path": f"/Users/{ada['id']}", "data": {"schemas": [USER], "userName": "ada@example.com", "title": "x"}},
        change(f"/Users/{ada['id']}", title),
        change(f"/Groups/{ops['id']}", {"op": "replace", "path": "displayName", "value": "Dev"}),
        gone(f"/Users/{eve['id']}"),
    )  # fmt: skip
    assert [(r["method"], r["status"]) for r in results] == [
        ("POST", "201"), ("PUT", "200"), ("PATCH", "200"), ("PATCH", "204"), ("DELETE", "204"),
    ]  # fmt: skip
    assert [r.get("version") for r in results] == ['W/"1"', 'W/"2"', 'W/"3"', 'W/"2"', None]
    assert [r.get("bulkId") for r in results] == ["new", None, None, None, None]
    assert all("response" not in r for r in results)
    found = scim.get(f"/Users/{made(results)['new']}").body
    assert found["meta"]["location"] == results[0]["location"]
    assert found["meta"]["version"] == results[0]["version"]
    assert scim.get(f"/Users/{ada['id']}").body["title"] == "Countess"
    assert scim.get(f"/Users/{eve['id']}").status == 404


@pytest.mark.scim("A155")
def test_references_before_and_after_what_they_name(scim):
    results = done(
        scim, group("before", "bulkId:ada"), person("ada", manager="bulkId:eve"),
        person("eve"), group("after", "bulkId:ada", "bulkId:eve"),
    )  # fmt: skip
    ids = made(results)
    assert [result["bulkId"] for result in results] == ["before", "ada", "eve", "after"]
    assert members(scim, ids["before"]) == {ids["ada"]}
    assert members(scim, ids["after"]) == {ids["ada"], ids["eve"]}
    assert manager(scim, ids["ada"]) == ids["eve"]
    assert "bulkId" not in json.dumps(scim.get("/Users").body)


@pytest.mark.scim("A155")
def test_references_in_paths_in_filters_and_in_refs(scim):
    add = {
        "op": "add",
        "path": "members",
        "value": [{"value": "bulkId:ada", "$ref": "../Users/bulkId:ada"}],
    }
    remove = {"op": "remove", "path": 'members[value eq "bulkId:eve"]'}
    set_manager = {"op": "add", "value": {f"{ENTERPRISE}:manager": "bulkId:ada"}}
    results = done(
        scim,
        change("/Groups/bulkId:ops", add, remove),
        change("/Users/bulkId:eve", set_manager),
        gone("/Users/bulkId%3Abob"),
        group("ops", "bulkId:eve"), person("ada"), person("eve"), person("bob"),
    )  # fmt: skip
    ids = made(results)
    assert statuses(results) == ["204", "200", "204", "201", "201", "201", "201"]
    assert results[0]["location"].endswith(f"/Groups/{ids['ops']}")
    assert members(scim, ids["ops"]) == {ids["ada"]}
    assert manager(scim, ids["eve"]) == ids["ada"]
    assert scim.get(f"/Users/{ids['bob']}").status == 404


@pytest.mark.scim("A156")
def test_two_who_manage_each_other(scim):
    results = done(scim, person("ada", manager="bulkId:eve"), person("eve", manager="bulkId:ada"))
    ids = made(results)
    assert manager(scim, ids["ada"]) == ids["eve"]
    assert manager(scim, ids["eve"]) == ids["ada"]
    assert [result["version"] for result in results] == ['W/"1"', 'W/"1"']
    assert ProvisioningEvent.objects.count() == 2


@pytest.mark.scim("A156")
def test_of_a_circle_all_are_created_or_none(scim):
    scim.user("eve@example.com")
    results = done(
        scim, person("ada", manager="bulkId:eve"), person("eve", manager="bulkId:bob"),
        person("bob", manager="bulkId:ada"), person("zoe", manager="bulkId:ada"), person("joe"),
    )  # fmt: skip
    assert statuses(results) == ["409", "409", "409", "409", "201"]
    assert [r.get("response", {}).get("scimType") for r in results] == [
        None,
        "uniqueness",
        None,
        None,
        None,
    ]
    assert "bulkId:eve" in results[0]["response"]["detail"]
    assert scim.get("/Users").body["totalResults"] == 2


def test_a_circle_of_members_is_refused(scim):
    results = done(scim, group("a", "bulkId:b"), group("b", "bulkId:a"), person("ada"))
    assert statuses(results) == ["409", "409", "201"]
    assert "bulkId:a, bulkId:b" in results[0]["response"]["detail"]


def test_who_names_itself(scim):
    results = done(scim, person("ada", manager="bulkId:ada"), group("ops", "bulkId:ops"))
    assert statuses(results) == ["201", "400"]
    assert manager(scim, made(results)["ada"]) == made(results)["ada"]


def test_a_circle_that_meets_a_protected_name_leaves_its_finding(scim, django_user_model):
    field = django_user_model.USERNAME_FIELD
    django_user_model.objects.create(**{field: "eve@example.com"}, is_staff=True)
    results = done(scim, person("ada", manager="bulkId:eve"), person("eve", manager="bulkId:ada"))
    assert statuses(results) == ["409", "409"]
    assert Finding.objects.count() == 1


@pytest.mark.scim("A161")
def test_what_refers_to_a_failure_fails_too(scim):
    scim.user("ada@example.com")
    results = done(
        scim, person("ada"), group("ops", "bulkId:ada"), change("/Groups/bulkId:ops"), person("eve")
    )
    assert statuses(results) == ["409", "409", "409", "201"]
    assert all(r["response"]["schemas"] == [ERROR] for r in results[:3])
    assert [r["response"]["status"] for r in results[:3]] == ["409"] * 3
    assert scim.get("/Groups").body["totalResults"] == 0


@pytest.mark.scim("A157")
def test_waiting_for_a_reference_keeps_the_order_of_one_resource(scim):
    ops = scim.group("Ops")
    path = f"/Groups/{ops['id']}"
    add = {"op": "add", "path": "members", "value": [{"value": "bulkId:ada"}]}
    results = done(
        scim, change(path, add), change(path, {"op": "remove", "path": "members"}), person("ada")
    )
    assert statuses(results) == ["204", "204", "201"]
    assert members(scim, ops["id"]) == set()


@pytest.mark.scim("A157")
def test_a_name_freed_before_is_free_for_whom_others_wait_for(scim):
    old = scim.user("ada@example.com")
    results = done(scim, group("ops", "bulkId:ada"), gone(f"/Users/{old['id']}"), person("ada"))
    assert statuses(results) == ["201", "204", "201"]


@pytest.mark.scim("A148", "A149", "A159", "A161")
@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({**person("x"), "method": "GET"}, "invalidSyntax"),
        ({"method": "GET", "path": "/Users"}, "invalidSyntax"),
        ({**person("x"), "method": 5}, "invalidSyntax"),
        ({"path": "/Users", "bulkId": "x", "data": {}}, "invalidSyntax"),
        ({**person("x"), "method": "SEARCH"}, "invalidSyntax"),
        ({**person("x"), "path": "/Users/.search"}, "invalidSyntax"),
        ({**person("x"), "path": None}, "invalidSyntax"),
        ({**person("x"), "path": ["/Users"]}, "invalidSyntax"),
        ({**person("x"), "path": ""}, "invalidSyntax"),
        ({**person("x"), "path": "/"}, "invalidSyntax"),
        ({**person("x"), "bulkId": None}, "invalidSyntax"),
        ({**person("x"), "bulkId": ""}, "invalidSyntax"),
        ({**person("x"), "bulkId": 7}, "invalidSyntax"),
        ({**person("x"), "version": 7}, "invalidSyntax"),
        ({**person("x"), "data": None}, "invalidSyntax"),
        ({**person("x"), "data": []}, "invalidSyntax"),
        ({**person("x"), "data": "bulkId:x"}, "invalidSyntax"),
        ({**person("x"), "data": {"schemas": [USER]}}, "invalidValue"),
        (person("x", manager="bulkId:nobody"), "invalidValue"),
        (group("x", "bulkId:nobody"), "invalidValue"),
        (group("x", "bulkId:"), "invalidValue"),
        (gone("/Users/bulkId:nobody"), "invalidValue"),
        (gone("/Users"), "invalidSyntax"),
        ({"method": "PUT", "path": "/Users", "data": {}}, "invalidSyntax"),
        ({"method": "PATCH", "path": "/Users/x"}, "invalidSyntax"),
        (change("/Users"), "invalidSyntax"),
    ],
)  # fmt: skip
def test_an_operation_of_the_wrong_form_is_refused_alone(scim, operation, scim_type):
    results = done(scim, operation, person("ada"))
    assert statuses(results) == ["400", "201"]
    assert results[0]["response"]["scimType"] == scim_type
    assert results[0]["response"]["detail"]
    assert ("location" in results[0]) == (results[0].get("method") != "POST")


@pytest.mark.parametrize(
    "path", ["/Nothing", "/Schemas", "/Bulk", "/Me", "Users?x=1", "https://example.com"]
)
def test_only_resources_are_written(scim, path):
    results = done(scim, {**person("x"), "path": path}, gone(f"{path}/x"))
    assert set(statuses(results)) <= {"404", "400"}
    assert ScimUser.objects.filter(connection=scim.connection).count() == 0


@pytest.mark.parametrize("path", ["Users", "/Users/", "//Users"])
def test_slashes_are_not_held_against_anybody(scim, path):
    assert statuses(done(scim, {**person("x"), "path": path})) == ["201"]


@pytest.mark.scim("A154")
def test_a_bulk_id_given_twice_names_nobody(scim):
    results = done(
        scim, person("x", "ada"), person("x", "eve"), group("ops", "bulkId:x"), person("y")
    )
    assert statuses(results) == ["400", "400", "409", "201"]
    assert "bulkId:x" in results[0]["response"]["detail"]


def test_other_methods_may_repeat_a_bulk_id(scim):
    ada = scim.user("ada@example.com")
    title = {"op": "add", "path": "title", "value": "x"}
    results = done(scim, person("x", "eve"), change(f"/Users/{ada['id']}", title, bulkId="x"))
    assert [(r["bulkId"], r["status"]) for r in results] == [("x", "201"), ("x", "200")]


@pytest.mark.scim("A152", "A153")
@pytest.mark.parametrize(("limit", "count"), [(None, 5), (1, 2), (2, 4), (3, 5), (9, 5)])
def test_fail_on_errors(scim, limit, count):
    more = {} if limit is None else {"failOnErrors": limit}
    wrong = gone("/Users/nobody")
    results = done(scim, person("a"), wrong, person("b"), {"method": "GET"}, person("c"), **more)
    assert statuses(results) == ["201", "404", "201", "400", "201"][:count]
    assert ScimUser.objects.filter(connection=scim.connection).count() == len(made(results))


@pytest.mark.parametrize("limit", [0, -1, 1.5, "1", True, [], {}])
def test_fail_on_errors_is_a_number_of_errors(scim, limit):
    answer = send(scim, person("a"), failOnErrors=limit)
    assert (answer.status, answer.scim_type) == (400, "invalidValue")
    assert ScimUser.objects.filter(connection=scim.connection).count() == 0


@pytest.mark.scim("A150")
def test_a_version_is_a_precondition(scim):
    ada = scim.user("ada@example.com")
    path, title = f"/Users/{ada['id']}", {"op": "add", "path": "title", "value": "x"}
    results = done(
        scim,
        change(path, title, version='W/"7"'), gone(path, version='W/"7"'),
        {"method": "PUT", "path": path, "version": 'W/"7"', "data": {"schemas": [USER], "userName": "x@example.com"}},
        change(path, title, version='W/"1"'), gone(path, version='W/"2"'),
    )  # fmt: skip
    assert statuses(results) == ["412", "412", "412", "200", "204"]
    assert results[0]["response"]["status"] == "412"


def test_where_versions_are_required_each_operation_names_one(scim):
    Connection.objects.filter(pk=scim.connection.pk).update(requires_if_match=True)
    ada = scim.user("ada@example.com")
    path = f"/Users/{ada['id']}"
    results = done(scim, gone(path), gone(path, version='W/"1"'), person("eve"))
    assert statuses(results) == ["428", "204", "201"]


def test_a_header_is_no_precondition_of_operations(scim):
    ada = scim.user("ada@example.com")
    body = {"schemas": [BULK_REQUEST], "Operations": [gone(f"/Users/{ada['id']}")]}
    answer = scim.post("/Bulk", body, if_match='W/"7"')
    assert statuses(answer.body["Operations"]) == ["204"]


def test_each_operation_is_one_event(scim):
    results = done(scim, person("ada"), person("ada2", "ada"), change("/Users/bulkId:ada"))
    events = ProvisioningEvent.objects.order_by("pk").values_list("method", "path", "status")
    users, ada = "/rest/scim/v2/Users", made(results)["ada"]
    assert list(events) == [
        ("POST", users, 201),
        ("POST", users, 409),
        ("PATCH", f"{users}/{ada}", 400),
    ]
    notes = [event.notes for event in ProvisioningEvent.objects.order_by("pk")]
    assert notes == [[f"operation {i} of a Bulk"] for i in (1, 2, 3)]
    assert ProvisioningEvent.objects.values("request_id").distinct().count() == 1


def test_an_operation_is_whole_or_not_at_all(scim):
    ada = scim.user("ada@example.com")
    title, wrong = (
        {"op": "add", "path": "title", "value": "x"},
        {"op": "add", "path": "active", "value": "?"},
    )
    assert statuses(done(scim, change(f"/Users/{ada['id']}", title, wrong))) == ["400"]
    assert scim.get(f"/Users/{ada['id']}").body == ada


def test_dialects_are_understood_in_operations(scim):
    value = '{"id": "7", "value": "admin", "displayName": "Admin"}'
    roles = {"op": "Add", "path": "roles", "value": [{"value": value}]}
    first = person("eve")
    first["data"]["schemas"] = ["urn:scim:schemas:core:1.0"]
    first["data"]["active"] = "False"
    results = done(scim, first, change("/Users/bulkId:eve", roles))
    assert statuses(results) == ["201", "200"]
    eve = scim.get(f"/Users/{made(results)['eve']}").body
    assert (eve["active"], eve["roles"][0]["value"]) == (False, "admin")


@pytest.mark.parametrize("body", [[], "x", 5, None, {}, {"schemas": [BULK_REQUEST]},
    {"schemas": [BULK_REQUEST], "Operations": []}, {"schemas": [BULK_REQUEST], "Operations": {}},
    {"schemas": [BULK_REQUEST], "Operations": [None]}, {"schemas": [BULK_REQUEST], "Operations": ["x"]},
    {"schemas": [PATCH_OP], "Operations": [{"method": "DELETE", "path": "/Users/x"}]},
    {"Operations": [{"method": "DELETE", "path": "/Users/x"}]},
])  # fmt: skip
def test_what_is_no_list_of_operations_is_refused_whole(scim, body):
    answer = scim.post("/Bulk", json.dumps(body))
    assert (answer.status, answer.scim_type) == (400, "invalidSyntax")
    assert answer.body["schemas"] == [ERROR]


@pytest.mark.scim("A059", "B059", "A162")
def test_the_limits_that_are_shown_are_those_that_hold(scim, settings):
    settings.SCIM_PROVISIONING = {"BULK_MAX_OPERATIONS": 3, "BULK_MAX_PAYLOAD_SIZE": 2000}
    bulk = scim.get("/ServiceProviderConfig").body["bulk"]
    assert bulk == {"supported": True, "maxOperations": 3, "maxPayloadSize": 2000}
    answer = send(scim, *map(person, "abcd"))
    assert (answer.status, answer.body["status"]) == (413, "413")
    assert "maxOperations (3)" in answer.body["detail"]
    answer = send(scim, person("a", displayName="x" * 2000))
    assert (answer.status, answer.body["status"]) == (413, "413")
    assert "maxPayloadSize of 2000" in answer.body["detail"]
    assert statuses(send(scim, *map(person, "abc")).body["Operations"]) == ["201"] * 3


def test_writing_takes_the_right_to_write(scim):
    owner = scim.connection.acting_user
    owner.personal_access_tokens.update(scopes="scim.read")
    assert send(scim, person("a")).status == 403


def test_a_paused_connection_takes_no_bulk(scim):
    Connection.objects.filter(pk=scim.connection.pk).update(state="paused")
    answer = send(scim, person("a"))
    assert (answer.status, answer.headers["Retry-After"]) == (429, "300")


def test_operations_count_as_requests_of_the_seconds_that_follow(scim, monkeypatch):
    Connection.objects.filter(pk=scim.connection.pk).update(rate_limit=2)
    now = [1000.0]
    monkeypatch.setattr("scim_provisioning.http.limits.time.time", lambda: now[0])
    assert statuses(done(scim, *map(person, "abcdef"))) == ["201"] * 6
    answer = send(scim, person("g"))
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
    now[0] = 1003.1
    assert send(scim, person("g")).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_bulk_is_posted(scim, method):
    answer = scim.send(method, "/Bulk")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


def test_what_is_left_when_time_is_up_is_to_be_sent_again(scim, settings):
    settings.SCIM_PROVISIONING = {"BULK_SECONDS": -1}
    answer = send(scim, person("a"))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
