"""A Bulk comes to what its operations come to one by one: random programs, both ways."""

from __future__ import annotations

import json
from random import Random

import pytest
from django.db import connection

from tests.scim_client import BULK_REQUEST, ENTERPRISE, GROUP, PATCH_OP, USER

pytestmark = pytest.mark.django_db


class Writer:
    """Writes a random program whose references lead back only."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.made = []

    def program(self, size):
        return [self.operation(str(i)) for i in range(size)]

    def operation(self, name):
        kinds = [self.user, self.user, self.group, self.put, self.patch, self.members, self.delete]
        kind = self.random.choice(kinds if self.made else kinds[:3])
        return kind(name)

    def one(self, endpoint):
        """Return a reference to something made before, or nearly."""
        made = [name for name, place in self.made if place == endpoint] or ["0"]
        return f"bulkId:{self.random.choice(made)}"

    def user_data(self):
        manager = {ENTERPRISE: {"manager": {"value": self.one("/Users")}}} if self.made else {}
        name = self.random.choice(["ada", "ADA", "eve", "bob", "zoe", ""])
        data = {"schemas": [USER, ENTERPRISE], "title": self.random.choice("xyz"), **manager}
        return {**data, "userName": f"{name}@example.com" if name else ""}

    def group_data(self):
        members = [{"value": self.one("/Users")} for _ in range(self.random.randrange(3))]
        name = self.random.choice(["Ops", "ops", "Dev", ""])
        return {"schemas": [GROUP], "displayName": name, "members": members if self.made else []}

    def create(self, name, endpoint, data):
        self.made.append((name, endpoint))
        return {"method": "POST", "path": endpoint, "bulkId": name, "data": data}

    def user(self, name):
        return self.create(name, "/Users", self.user_data())

    def group(self, name):
        return self.create(name, "/Groups", self.group_data())

    def put(self, name):
        path = f"/Users/{self.one('/Users')}"
        version = self.random.choice([None, 'W/"1"', 'W/"2"'])
        operation = {"method": "PUT", "path": path, "data": self.user_data()}
        return operation | ({"version": version} if version else {})

    def patch(self, name):
        value = self.random.choice(["x", "y", None])
        operation = {
            "op": "replace",
            "path": self.random.choice(["title", "active"]),
            "value": value,
        }
        data = {"schemas": [PATCH_OP], "Operations": [operation]}
        return {"method": "PATCH", "path": f"/Users/{self.one('/Users')}", "data": data}

    def members(self, name):
        who = self.one("/Users")
        operation = self.random.choice(
            [
                {"op": "add", "path": "members", "value": [{"value": who}]},
                {"op": "remove", "path": f'members[value eq "{who}"]'},
                {"op": "replace", "path": "members", "value": []},
            ]
        )
        data = {"schemas": [PATCH_OP], "Operations": [operation]}
        return {"method": "PATCH", "path": f"/Groups/{self.one('/Groups')}", "data": data}

    def delete(self, name):
        endpoint = self.random.choice(["/Users", "/Groups"])
        return {"method": "DELETE", "path": f"{endpoint}/{self.one(endpoint)}"}


def together(scim, program):
    answer = scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": program})
    return [
        (r["status"], r.get("response", {}).get("scimType"), r.get("version"))
        for r in answer.body["Operations"]
    ]


def singly(scim, program):
    ids, results = {}, []
    for operation in program:
        text = json.dumps({k: v for k, v in operation.items() if k != "bulkId"})
        for name, identifier in ids.items():
            text = text.replace(f'bulkId:{name}"', f'{identifier}"').replace(
                f'bulkId:{name}\\"', f'{identifier}\\"'
            )
        if "bulkId:" in text:
            results.append(("409", None, None))
            continue
        found = json.loads(text)
        answer = scim.send(
            found["method"], found["path"], found.get("data"), if_match=found.get("version")
        )
        version = answer.headers.get("ETag") if answer.status < 300 else None
        results.append((str(answer.status), answer.scim_type, version))
        if answer.status == 201:
            ids[operation["bulkId"]] = answer.body["id"]
    return results


def directory(scim):
    """Return what there is, by names instead of ids."""
    users = scim.get("/Users").body.get("Resources", [])
    names = {user["id"]: user["userName"] for user in users}
    shown = []
    for user in users:
        manager = user.get(ENTERPRISE, {}).get("manager", {}).get("value")
        facts = (user.get("title"), user.get("active"), names.get(manager, bool(manager)))
        shown.append((user["userName"], *facts, user["meta"]["version"]))
    for group in scim.get("/Groups").body.get("Resources", []):
        members = sorted(names[member["value"]] for member in group.get("members", []))
        shown.append((group["displayName"], members, group["meta"]["version"]))
    return sorted(map(repr, shown))


def outcome(scim, way, program):
    """Return what a program comes to, and leave nothing of it."""
    place = connection.savepoint()
    results = way(scim, json.loads(json.dumps(program)))
    shown = directory(scim)
    connection.savepoint_rollback(place)
    return results, shown


@pytest.mark.scim("A157", "A160")
@pytest.mark.parametrize("seed", range(20))
def test_both_ways_come_to_the_same(scim, seed):
    program = Writer(seed).program(24)
    results, shown = outcome(scim, together, program)
    expected, there = outcome(scim, singly, program)
    # A name nothing bears is another error than one whose operation failed.
    unknown = [
        place
        for place, (status, kind, _) in enumerate(results)
        if (status, kind) == ("400", "invalidValue") and expected[place][0] == "409"
    ]
    for place in unknown:
        expected[place] = results[place]
    assert results == expected
    assert shown == there
