"""The ledger: accepted writes with what they changed, refused ones with why."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from scim_provisioning import ledger
from scim_provisioning.models import ProvisioningEvent, RequestCount
from scim_provisioning.protocol import schemas
from scim_provisioning.protocol.attributes import (
    Attribute,
    Mutability,
    Returned,
    Target,
    Type,
)
from tests.scim_client import USER

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

pytestmark = pytest.mark.django_db


def test_an_accepted_write_is_recorded(scim):
    answer = scim.post("/Users", {"schemas": [USER], "userName": "ada", "title": "T"})
    event = scim.connection.events.get()
    assert (event.method, event.status, event.resource_name) == ("POST", 201, "ada")
    assert str(event.resource_id) == answer.body["id"]
    assert str(event.request_id) == answer.headers["X-Request-Id"]
    assert (event.credential, event.acting_user) == ("pat-bearer", scim.username)
    assert event.changes == {
        "userName": [None, "ada"],
        "title": [None, "T"],
        "active": [None, True],
    }
    assert event.duration_ms > 0
    assert str(event) == "POST /rest/scim/v2/Users 201"


def test_a_change_is_before_and_after(scim):
    user = scim.user(title="Before")
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": "After"})
    assert scim.connection.events.get(method="PATCH").changes == {"title": ["Before", "After"]}


def test_members_are_added_and_removed(scim):
    ids = [scim.user(f"u{i}")["id"] for i in range(2)]
    group = scim.group("Ops", ids[:1])
    scim.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "members", "value": ids[1:]})
    changes = scim.connection.events.get(method="PATCH").changes
    assert changes == {"members": {"added": ids[1:], "removed": ids[:1]}}


def test_a_deletion_is_recorded(scim):
    user = scim.user()
    scim.delete(f"/Users/{user['id']}")
    event = scim.connection.events.get(method="DELETE")
    assert (event.status, event.resource_name) == (204, "ada@example.com")


def test_a_refused_write_is_recorded_with_its_reason(scim):
    scim.user()
    scim.post("/Users", {"schemas": [USER], "userName": "ada@example.com"})
    event = scim.connection.events.get(status=409)
    assert event.scim_type == "uniqueness"
    assert event.detail


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_a_refused_write_says_whom_it_meant(scim, other, verb):
    user = scim.user()
    body = () if verb == "delete" else ({"schemas": [USER], "userName": "else"},)
    assert getattr(other, verb)(f"/Users/{user['id'].upper()}", *body).status >= 400
    event = other.connection.events.get()
    assert (event.resource_type, str(event.resource_id)) == ("User", user["id"])
    assert (event.resource_name, event.resource_key) == ("ada@example.com", "ada@example.com")


@pytest.mark.parametrize("name", ["userName", "USERNAME"])
def test_a_refused_create_says_who_was_to_be_made(scim, name):
    scim.user("Ada@example.com")
    scim.post("/Users", {"schemas": [USER], name: "ADA@example.com", "active": "x" * 9})
    event = scim.connection.events.get(status__gte=400)
    assert (event.resource_type, event.resource_id) == ("User", None)
    assert (event.resource_name, event.resource_key) == ("ADA@example.com", "ada@example.com")


@pytest.mark.parametrize(
    "body", [[], "x", {"userName": 1}, {"schemas": []}, {"userName": "\x00" * 999}]
)
def test_a_body_that_names_nobody_is_recorded_as_well(scim, body):
    scim.post("/Users", body)
    event = scim.connection.events.get()
    assert event.resource_type == "User"
    assert len(event.resource_name) in (0, 256)


def test_a_refused_operation_of_a_bulk_says_whom_it_meant(scim):
    scim.user()
    data = {"schemas": [USER], "userName": "Ada@example.com"}
    operation = {"method": "POST", "path": "/Users", "bulkId": "1", "data": data}
    scim.post("/Bulk", {"schemas": [BULK], "Operations": [operation]})
    assert scim.connection.events.get(status=409).resource_name == "Ada@example.com"


def test_paths_hold_no_query(scim):
    scim.post("/Users?attributes=userName", {"schemas": [USER], "userName": "ada"})
    assert scim.connection.events.get().path == "/rest/scim/v2/Users"


def test_anonymous_refusals_are_not_recorded_one_by_one(scim):
    scim.post("/Users", {}, authorization=None)
    assert not ProvisioningEvent.objects.exists()


def test_a_ledger_that_fails_changes_no_refusal(scim):
    with patch.object(ledger, "insert", side_effect=OperationalError("disk full")):
        assert scim.post("/Users", {"schemas": [USER]}).status == 400


def test_no_write_without_its_entry(scim):
    with patch.object(ledger, "insert", side_effect=OperationalError("disk full")):
        assert scim.post("/Users", {"schemas": [USER], "userName": "ada"}).status == 503
    assert scim.get('/Users?filter=userName eq "ada"').body["totalResults"] == 0


SECRETIVE = replace(
    schemas.USER,
    attributes=(
        Attribute("userName"),
        Attribute("pin", mutability=Mutability.WRITE_ONLY),
        Attribute("seed", returned=Returned.NEVER),
        Attribute(
            "keys",
            type=Type.COMPLEX,
            multi_valued=True,
            sub_attributes=(
                Attribute("value"),
                Attribute("secret", mutability=Mutability.WRITE_ONLY),
            ),
        ),
    ),
)


@pytest.fixture
def _secretive(monkeypatch):
    """Let the schema of users have attributes that are only written."""
    declared = replace(schemas.USER_TYPE, schema=SECRETIVE)
    targets = {a.name: Target(None, a) for a in declared.schema.attributes}
    mapping = SimpleNamespace(declared=declared, targets=targets)
    monkeypatch.setattr(ledger.registry, "mapping", lambda name: mapping)


@pytest.mark.usefixtures("_secretive")
def test_what_the_schema_calls_write_only_is_not_recorded():
    changes = {"userName": ["a", "b"], "pin": [None, "1234"], "seed": ["x", "y"]}
    assert ledger.redact(changes, "User") == {"userName": ["a", "b"]}


@pytest.mark.usefixtures("_secretive")
def test_parts_that_are_only_written_are_not_recorded():
    before, after = [{"value": "k", "secret": "s"}], None
    shown = ledger.redact({"keys": [before, after]}, "User")
    assert shown == {"keys": [[{"value": "k"}], None]}


def test_a_password_is_never_recorded_whatever_the_schema_says():
    changes = {"password": [None, "x"], "urn:x:oldPassword": ["x", "y"], "title": [1, 2]}
    assert ledger.redact(changes, "User") == {"title": [1, 2]}


def test_long_lists_of_members_are_cut_with_their_count():
    members = {"added": [str(i) for i in range(1500)], "removed": []}
    shown = ledger.redact({"members": members}, "Group")["members"]
    assert (len(shown["added"]), shown["removed"]) == (1001, [])
    assert shown["added"][-1] == "and 500 more"


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"], ids=["NUL", "surrogate"])
def test_what_no_database_holds_is_recorded_in_its_place(scim, text):
    body = {"schemas": [USER, f"urn:{text}"], "userName": "ada"}
    assert scim.post("/Users", body).status == 201
    scim.patch("/Users/x", {"op": "replace", "path": text, "value": "x"})
    accepted, failed = scim.connection.events.order_by("id")
    assert "\ufffd" in json.dumps([accepted.notes, failed.detail], ensure_ascii=False)
    assert failed.status == 400


def test_a_refused_request_to_an_odd_path_is_recorded(scim):
    assert scim.delete("/Users/a%00b").status == 404
    assert scim.connection.events.get().path.endswith("/Users/a\ufffdb")


def test_notes_are_few(scim):
    unknown = {f"unknown{i}": i for i in range(500)}
    scim.post("/Users", {"schemas": [USER], "userName": "ada", **unknown})
    assert 0 < len(scim.connection.events.get().notes) <= ledger.MOST_NOTES


@pytest.mark.parametrize("error", [InterfaceError("closed"), TypeError("x"), UnicodeError("x")])
def test_no_failure_of_the_ledger_reaches_a_refused_client(scim, error, caplog):
    with patch.object(ledger, "insert", side_effect=error):
        assert scim.post("/Users", {"schemas": [USER]}).status == 400
    assert "could not be recorded" in caplog.text


def test_purge_removes_what_is_old(scim, capsys):
    scim.user()
    old = timezone.now() - timedelta(days=30)
    ProvisioningEvent.objects.create(time=old, method="GET", path="/", status=200)
    RequestCount.objects.create(minute=old, method="GET", status=200, count=1)
    call_command("purge_ledger", "--days", "7", "--json")
    removed = json.loads(capsys.readouterr().out)
    assert {name for name, count in removed.items() if count} == {"events", "counts"}
    assert ProvisioningEvent.objects.count() == 1
    call_command("purge_ledger")
    assert "Removed 0 events" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("purge_ledger", "--days", "0")


def test_purge_goes_on_batch_after_batch(monkeypatch, capsys):
    monkeypatch.setattr("scim_provisioning.management.purging.BATCH", 2)
    old = timezone.now() - timedelta(days=500)
    for _ in range(5):
        ProvisioningEvent.objects.create(time=old, method="GET", path="/", status=200)
    call_command("purge_ledger")
    assert capsys.readouterr().out.startswith("Removed 5 events, 0 counts, 0 recorded exchanges")


@pytest.mark.parametrize("days", ["-1", "0", "99999999999"])
def test_purge_refuses_an_age_that_is_none(days):
    with pytest.raises(CommandError, match="--days"):
        call_command("purge_ledger", "--days", days)
