"""Hostile Bulk: refused with SCIM errors, never a 5xx, and nothing done that is not told."""

from __future__ import annotations

import json

import pytest

from scim_provisioning.models import ProvisioningEvent, ScimGroup, ScimUser
from tests.scim_client import BULK_REQUEST, ENTERPRISE, ERROR, GROUP, PATCH_OP, USER

pytestmark = [pytest.mark.django_db, pytest.mark.any_user]

JUNK = {
    "null": None,
    "true": True,
    "number": 5,
    "huge number": 10**400,
    "float": 1.5,
    "text": "te xt!",
    "empty text": "",
    "NUL": "\x00",
    "half a pair": "\ud800",
    "long text": "x" * 100_000,
    "reference": "bulkId:",
    "slashes": "////",
    "list": [[["x"]]],
    "object": {"x": {"y": [1]}},
    "deep": json.loads("[" * 400 + "]" * 400),
}
GOOD = {
    "POST": {
        "method": "POST",
        "path": "/Users",
        "bulkId": "a",
        "data": {"schemas": [USER], "userName": "a@example.com"},
    },
    "PUT": {
        "method": "PUT",
        "path": "/Users/x",
        "version": 'W/"1"',
        "data": {"schemas": [USER], "userName": "a@example.com"},
    },
    "PATCH": {
        "method": "PATCH",
        "path": "/Groups/x",
        "data": {
            "schemas": [PATCH_OP],
            "Operations": [
                {"op": "add", "path": "members", "value": [{"value": "x", "$ref": "x"}]}
            ],
        },
    },
    "DELETE": {"method": "DELETE", "path": "/Users/x"},
}


def places(node, path=()):
    """Yield the path to every value of an operation."""
    if path:
        yield path
    for key, value in (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    ):
        yield from places(value, (*path, key))


def spoiled(operation, path, junk):
    copy = json.loads(json.dumps(operation))
    *way, last = path
    holder = copy
    for key in way:
        holder = holder[key]
    holder[last] = junk
    return copy


def holds(scim, answer):
    """Assert that the answer is well formed, and that the directory holds what it tells."""
    assert answer.status in (200, 400, 413), answer.body
    if answer.status != 200:
        assert answer.body["schemas"] == [ERROR]
        results = []
    else:
        results = answer.body["Operations"]
    for result in results:
        assert 200 <= int(result["status"]) < 500, result
        assert ("response" in result) == (int(result["status"]) >= 400)
    told = {r["location"].rpartition("/")[2] for r in results if r["status"] == "201"}
    rows = [*ScimUser.objects.filter(connection=scim.connection), *ScimGroup.objects.all()]
    assert {str(row.pk) for row in rows} == told
    return results


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_junk_in_every_place(scim, junk):
    operations = [
        spoiled(good, path, junk) for good in GOOD.values() for path in list(places(good))
    ]
    answer = scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})
    assert len(holds(scim, answer)) == len(operations)


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
@pytest.mark.parametrize("name", ["schemas", "failOnErrors", "Operations"])
def test_junk_around_the_operations(scim, name, junk):
    holds(
        scim,
        scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": [GOOD["POST"]], name: junk}),
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b'{"Operations":' + b"[" * 100_000, b'{"a":' * 100_000, b'{"schemas": [NaN]}', b"\xff"],
)  # fmt: skip
def test_broken_bodies(scim, content):
    answer = scim.post("/Bulk", content)
    assert (answer.status, answer.scim_type) == (400, "invalidSyntax")


def users(count, manager):
    return [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": str(i),
            "data": {
                "schemas": [USER, ENTERPRISE],
                "userName": f"u{i}@example.com",
                ENTERPRISE: {"manager": {"value": f"bulkId:{manager(i)}"}},
            },
        }
        for i in range(count)
    ]


def bulk(scim, operations, **more):
    return scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations, **more})


def test_ten_thousand_operations_are_too_many(scim):
    answer = bulk(scim, [GOOD["DELETE"]] * 10_000)
    assert (answer.status, answer.body["status"]) == (413, "413")
    assert ProvisioningEvent.objects.filter(path__endswith="/Users/x").count() == 0


def test_a_circle_of_a_thousand(scim):
    results = holds(scim, bulk(scim, users(1000, lambda i: (i + 1) % 1000)))
    assert {r["status"] for r in results} == {"201"}


def test_a_circle_of_hundreds_that_breaks_at_its_end(scim):
    operations = users(300, lambda i: (i + 1) % 300)
    operations[-1]["data"]["userName"] = "u0@example.com"
    results = holds(scim, bulk(scim, operations))
    assert {r["status"] for r in results} == {"409"}


def test_a_chain_of_hundreds_from_its_end(scim):
    operations = users(300, lambda i: min(i + 1, 299))
    assert {r["status"] for r in holds(scim, bulk(scim, operations))} == {"201"}


def test_a_chain_falls_with_its_first(scim):
    operations = users(300, lambda i: min(i + 1, 299))
    operations[-1]["data"]["userName"] = ""
    statuses = [r["status"] for r in holds(scim, bulk(scim, operations))]
    assert statuses == ["409"] * 299 + ["400"]


def test_groups_that_hold_each_other_by_hundreds(scim):
    operations = [
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": str(i),
            "data": {
                "schemas": [GROUP],
                "displayName": f"g{i}",
                "members": [{"value": f"bulkId:{j}"} for j in range(100)],
            },
        }
        for i in range(100)
    ]
    assert {r["status"] for r in holds(scim, bulk(scim, operations))} == {"409"}


def test_one_resource_written_again_and_again(scim):
    user = scim.user()
    operation = {"op": "replace", "path": "title", "value": "x"}
    path, data = f"/Users/{user['id']}", {"schemas": [PATCH_OP], "Operations": [operation]}
    results = bulk(scim, [{"method": "PATCH", "path": path, "data": data}] * 500).body["Operations"]
    assert [r["version"] for r in results] == ['W/"2"'] * 500


def test_a_huge_bulk_id_is_told_short_and_named_whole(scim):
    name = "é" * 50_000
    first, second = json.loads(json.dumps([GOOD["POST"]] * 2))
    first["bulkId"] = second["bulkId"] = name
    results = bulk(scim, [first, second]).body["Operations"]
    assert [r["bulkId"] for r in results] == [name, name]
    assert all(len(r["response"]["detail"]) < 200 for r in results)
