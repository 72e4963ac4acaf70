"""Users with very many values: refused beyond a limit, and cheap up to it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scim_provisioning.models import MultiValue, ScimUser
from scim_provisioning.statements import ROWS
from tests.scim_client import USER

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "MAX_VALUES": 3}


def roles(count, start=0):
    return [{"value": f"role{i}"} for i in range(start, start + count)]


def refused(answer):
    assert (answer.status, answer.scim_type) == (400, "invalidValue"), answer.body
    assert answer.body["detail"] == "roles has 4 values; at most 3 are kept here."


@pytest.mark.usefixtures("few")
def test_create_with_too_many_values_is_refused(scim):
    refused(scim.post("/Users", {"schemas": [USER], "userName": "a@b.example", "roles": roles(4)}))
    assert not ScimUser.objects.filter(connection=scim.connection).exists()


@pytest.mark.usefixtures("few")
def test_replace_with_too_many_values_is_refused(scim):
    user = scim.user("a@b.example", roles=roles(3))
    refused(scim.put(f"/Users/{user['id']}", {**user, "roles": roles(4)}))
    assert scim.get(f"/Users/{user['id']}").body == user


@pytest.mark.usefixtures("few")
def test_operations_that_add_too_many_values_together_are_refused(scim):
    user = scim.user("a@b.example", roles=roles(2))
    operations = [{"op": "add", "path": "roles", "value": roles(1, start)} for start in (2, 3)]
    refused(scim.patch(f"/Users/{user['id']}", *operations))
    assert scim.get(f"/Users/{user['id']}").body == user


def test_who_has_more_values_already_may_change_and_lose_some(scim, settings):
    user = scim.user("a@b.example", roles=roles(6))
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "MAX_VALUES": 3}
    operations = (
        {"op": "replace", "path": "active", "value": False},
        {"op": "remove", "path": 'roles[value eq "role0"]'},
    )
    answer = scim.patch(f"/Users/{user['id']}", *operations)
    assert (answer.status, len(answer.body["roles"])) == (200, 5)


@pytest.mark.usefixtures("few")
def test_members_are_not_limited(scim):
    members = [scim.user(f"u{i}@b.example")["id"] for i in range(5)]
    assert len(scim.group("Ops", members)["members"]) == 5


def test_many_values_are_written_by_statements_of_bounded_size(scim):
    count = 2 * ROWS + 1
    with CaptureQueriesContext(connection) as queries:
        user = scim.user("a@b.example", roles=roles(count))
    table = f'INSERT INTO "{MultiValue._meta.db_table}"'
    assert sum(query["sql"].startswith(table) for query in queries) == 3
    assert scim.get(f"/Users/{user['id']}").body["roles"] == roles(count)
