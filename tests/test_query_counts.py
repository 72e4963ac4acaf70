"""What a request may cost: statements, whatever the size of the directory."""

from __future__ import annotations

import base64

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scim_provisioning.directory import seeding
from scim_provisioning.models import ScimGroup
from tests.scim_client import GROUP, USER

pytestmark = pytest.mark.django_db

NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@pytest.fixture
def seeded(scim, request):
    """Return (a user, a group) of a directory of the size that the test asks for."""
    size = request.param
    body = {"schemas": [USER], "externalId": "e0", "active": True, "name": {"givenName": "A"}}
    users = []
    for i in range(size):
        emails = [{"value": f"u{i}@example.com", "type": "work", "primary": True}]
        users.append(scim.user(f"u{i}@example.com", **{**body, "emails": emails}))
    group = scim.group("Ops", [user["id"] for user in users])
    outsider = scim.user("out@example.com", externalId="out")
    scim.get("/Users")
    return users[0], group, outsider


def cost(send, *statuses):
    with CaptureQueriesContext(connection) as queries:
        answer = send()
    assert answer.status in statuses, answer.body
    return len([q for q in queries if not q["sql"].startswith(NOT_COUNTED)])


sizes = pytest.mark.parametrize("seeded", [1, 50], indirect=True)


@sizes
@pytest.mark.scim("A097")
def test_reads(scim, seeded):
    user, _, _ = seeded
    bars = {
        f"/Users/{user['id']}": 2,
        '/Users?filter=userName eq "u0@example.com"': 2,
        '/Users?filter=externalId eq "e0"': 2,
        '/Users?filter=emails[type eq "work"].value eq "u0@example.com"': 2,
        "/Users?count=100": 2,
        "/Users?startIndex=2&count=100": 3,
        "/Users?sortBy=name.familyName&count=100": 3,
        '/Groups?filter=displayName eq "Ops"': 2,
    }
    counts = {path: cost(lambda path=path: scim.get(path), 200) for path in bars}
    assert {path: n for path, n in counts.items() if n > bars[path]} == {}


@sizes
def test_writes_of_users(scim, seeded):
    user, _, _ = seeded
    path, body = f"/Users/{user['id']}", {k: v for k, v in user.items() if k not in ("id", "meta")}
    fresh = {**body, "userName": "new@example.com", "externalId": "new"}
    change = {"op": "replace", "value": {"active": False}}
    put = {**body, "name": {"givenName": "B"}, "emails": [{"value": "b@example.com"}]}
    assert cost(lambda: scim.post("/Users", fresh), 201) <= 9
    # To be disabled is counted by the brake: one statement, which no other write runs.
    assert cost(lambda: scim.patch(path, change), 200) <= 7
    enabled = {"op": "replace", "value": {"active": True}}
    assert cost(lambda: scim.patch(path, enabled), 200) <= 6
    assert cost(lambda: scim.put(path, put), 200) <= 8


@sizes
def test_memberships(scim, seeded):
    _, group, outsider = seeded
    path = f"/Groups/{group['id']}"
    add = {"op": "add", "path": "members", "value": [{"value": outsider["id"]}]}
    remove = {"op": "remove", "path": f'members[value eq "{outsider["id"]}"]'}
    assert cost(lambda: scim.patch(path, add), 204) <= 7
    assert cost(lambda: scim.patch(path, remove), 204) <= 7
    assert cost(lambda: scim.get(f"{path}?excludedAttributes=members"), 200) <= 3


@pytest.mark.parametrize("size", [10, 10_000])
def test_a_member_costs_the_same_in_a_group_of_any_size(scim, size):
    seeding.seed(scim.connection, seeding.Plan(users=size, groups=1, big_group=size))
    group, outsider = ScimGroup.objects.get(display_name="big"), scim.user()
    path = f"/Groups/{group.pk}"
    add = {"op": "add", "path": "members", "value": [{"value": outsider["id"]}]}
    remove = {"op": "remove", "path": "members", "value": [{"value": outsider["id"]}]}
    assert cost(lambda: scim.patch(path, add), 204) == 6
    assert cost(lambda: scim.patch(path, remove), 204) == 6
    assert cost(lambda: scim.get(f"{path}?excludedAttributes=members"), 200) == 2


def test_a_whole_group_is_made_by_few_statements(scim):
    ids = [scim.user(f"u{i}@example.com")["id"] for i in range(40)]
    body = {"schemas": [GROUP], "displayName": "All", "members": [{"value": i} for i in ids]}
    assert cost(lambda: scim.post("/Groups", body), 201) <= 8


def test_a_password_costs_one_statement_more_at_most(scim):
    owner = scim.connection.acting_user
    owner.set_password("secret")
    owner.save()
    path = f"/Users/{scim.user()['id']}"
    with_token = cost(lambda: scim.get(path), 200)
    pair = f"{scim.username}:secret"
    basic = "Basic " + base64.b64encode(pair.encode()).decode()
    scim.get(path, authorization=basic)
    assert cost(lambda: scim.get(path, authorization=basic), 200) <= with_token + 1


@sizes
def test_pages_by_cursor_and_of_everything(scim, seeded):
    cursor = scim.get("/Users?cursor&count=1&sortBy=displayName").body["nextCursor"]
    everything = scim.get("/?cursor&count=1").body["nextCursor"]
    bars = {
        "/Users?cursor&count=100": 6,
        "/Users?cursor&count=1": 7,
        f"/Users?count=1&sortBy=displayName&cursor={cursor}": 7,
        "/": 8,
        "/?startIndex=2&count=100": 8,
        "/?sortBy=displayName": 10,
        "/?cursor&count=100": 8,
        f"/?count=1&cursor={everything}": 8,
        "/?count=0": 3,
    }
    counts = {path: cost(lambda path=path: scim.get(path), 200) for path in bars}
    assert {path: n for path, n in counts.items() if n > bars[path]} == {}
