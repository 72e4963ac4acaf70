"""Whole exchanges: recorded while an administrator wants it, never a secret among them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scim_provisioning import exchanges
from scim_provisioning.models import Connection, Dropped, Exchange, State
from scim_provisioning.protocol.attributes import (
    Attribute,
    Mutability,
    Returned,
    Schema,
    Type,
)
from tests.scim_client import BULK_REQUEST, PATCH_OP, SEARCH, USER

pytestmark = [pytest.mark.django_db, pytest.mark.any_user]
SECRET = "hunter2"


@pytest.fixture
def recorded(scim):
    """A client whose exchanges are recorded."""
    switch(timedelta(hours=1))
    return scim


@pytest.fixture
def site(settings):
    def site(**given):
        settings.SCIM_PROVISIONING = {
            **settings.SCIM_PROVISIONING,
            **{name.upper(): value for name, value in given.items()},
        }

    return site


def switch(ahead):
    Connection.objects.update(records_until=timezone.now() + ahead if ahead else None)


def last():
    return Exchange.objects.first()


def everything():
    rows = Exchange.objects.values()
    return json.dumps(list(rows), default=str)


def test_a_write_is_recorded_with_its_answer(recorded):
    user = recorded.user("ada@example.com", title="Lead")
    row = last()
    assert (row.method, row.status, row.connection) == ("POST", 201, recorded.connection)
    assert json.loads(row.request_body)["title"] == "Lead"
    assert json.loads(row.response_body)["id"] == user["id"]
    assert row.response_headers["Location"].endswith(user["id"])
    assert row.response_headers["Content-Type"] == "application/scim+json"
    assert row.request_id == recorded.connection.events.get().request_id


def test_reads_and_refusals_are_recorded(recorded):
    recorded.get("/Users?filter=userName eq %22ada%22&startIndex=1")
    assert "userName+eq+%22ada%22" in last().query
    recorded.post("/Users", {"schemas": [USER]})
    assert json.loads(last().response_body)["scimType"] == "invalidValue"
    assert recorded.get("/Nowhere").status == 404
    assert (last().status, last().request_body, last().request_dropped) == (404, "", "")


def test_a_paused_connection_keeps_what_it_was_refused(recorded):
    Connection.objects.update(state=State.PAUSED)
    body = {"schemas": [USER], "userName": "ada@example.com"}
    assert recorded.post("/Users", body).status == 429
    row = last()
    assert (row.status, json.loads(row.request_body)) == (429, body)
    assert row.response_headers["Retry-After"] == "300"


@pytest.mark.parametrize("ahead", [None, timedelta(seconds=-1)])
def test_off_and_over_cost_no_statement(scim, ahead):
    user = scim.user()
    change = {"op": "replace", "path": "title", "value": "x"}
    scim.patch(f"/Users/{user['id']}", change)
    with CaptureQueriesContext(connection) as before:
        scim.patch(f"/Users/{user['id']}", change)
    switch(ahead)
    with CaptureQueriesContext(connection) as after:
        scim.patch(f"/Users/{user['id']}", change)
    assert len(after) == len(before)
    assert not any("scim_provisioning_exchange" in query["sql"] for query in after)
    assert not Exchange.objects.exists()


@pytest.mark.parametrize("count", [1, 50])
def test_on_costs_the_same_for_few_and_many(recorded, count):
    for n in range(count):
        recorded.user(f"u{n}@example.com")
    switch(None)
    with CaptureQueriesContext(connection) as before:
        recorded.get("/Users?count=50")
    switch(timedelta(hours=1))
    with CaptureQueriesContext(connection) as after:
        recorded.get("/Users?count=50")
    # The savepoint's two, the sum and the row.
    assert len(after) - len(before) == 4


BODIES = {
    "a resource": ("POST", "/Users", {"schemas": [USER], "userName": "a@x.org", "passWord": SECRET}),
    "a URN before it": ("POST", "/Users", {"schemas": [USER], f"{USER}:password": SECRET}),
    "a path of PATCH": ("PATCH", "/Users/1", {"Operations": [{"op": "add", "path": "password", "value": SECRET}]}),
    "PATCH in any case": ("PATCH", "/Users/1", {"operations": [{"OP": "add", "Value": SECRET, "PATH": f"{USER}:PASSWORD"}]}),
    "PATCH without path": ("PATCH", "/Users/1", {"schemas": [PATCH_OP], "Operations": [{"op": "add", "value": {"password": SECRET}}]}),
    "JSON in a string": ("PATCH", "/Users/1", {"Operations": [{"op": "add", "value": json.dumps({"password": SECRET})}]}),
    "a list of them": ("PATCH", "/Users/1", {"Operations": [{"op": "add", "path": "password", "value": [{"value": SECRET}]}]}),
    "a Bulk": ("POST", "/Bulk", {"schemas": [BULK_REQUEST], "Operations": [{"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": "b@x.org", "password": SECRET}}]}),
    "a search": ("POST", "/Users/.search", {"schemas": [SEARCH], "filter": f'password eq "{SECRET}"'}),
    "a filter": ("GET", f"/Users?filter=password%20eq%20%22{SECRET}%22", None),
    "a parameter of others": ("GET", f"/Users?access_token={SECRET}", None),
    "a body that is none": ("POST", "/Users", f'"{SECRET}"'),
    "a body that is broken": ("POST", "/Users", f'{{"password": "{SECRET}"'),
    "a form": ("POST", "/Users", f"password={SECRET}"),
    "a list": ("POST", "/Users", json.dumps([SECRET])),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES, ids=str)
def test_no_password_is_recorded(recorded, case):
    method, path, body = BODIES[case]
    recorded.send(method, path, body)
    assert Exchange.objects.count() == 1
    assert SECRET not in everything()


@pytest.mark.parametrize("header", ["bearer", "basic"])
def test_no_credential_is_recorded(recorded, header):
    recorded.get("/Users", authorization=getattr(recorded, header), cookie=f"session={SECRET}")
    assert last().request_headers["Authorization"].lower() == f"{header} [hidden]"
    found = everything()
    assert SECRET not in found
    assert getattr(recorded, header).split()[1] not in found


KEYS = Attribute("keys", Type.COMPLEX, multi_valued=True, sub_attributes=(
    Attribute("value", mutability=Mutability.WRITE_ONLY, returned=Returned.NEVER), Attribute("type"),
))  # fmt: skip
PIN = Attribute("pin", mutability=Mutability.WRITE_ONLY)
URN = "urn:example:2.0:Keys"


@pytest.mark.parametrize(
    "document",
    [
        {"pin": SECRET},
        {URN: {"PIN": SECRET}},
        {URN: {"keys": [{"type": "a", "value": SECRET}]}},
        {"Operations": [{"path": f"{URN}:keys", "value": [{"value": SECRET}]}]},
        {"Operations": [{"path": 'keys[type eq "a"].value', "value": SECRET}]},
        {"Operations": [{"path": f'keys[value eq "{SECRET}"].type', "value": "b"}]},
        {"Operations": [{"value": {f"{URN}:keys.value": SECRET}}]},
        {"Operations": [{"path": URN, "value": {"keys": {"value": SECRET}}}]},
    ],
)
def test_what_a_schema_calls_written_only_is_hidden(document, monkeypatch):
    schema = Schema(URN, "Keys", "", (KEYS, PIN))
    monkeypatch.setattr(exchanges, "_attributes", lambda: iter(schema.attributes))
    hidden = exchanges.secrets().hide(document)
    assert SECRET not in json.dumps(hidden)


def test_what_is_no_secret_is_kept(monkeypatch):
    monkeypatch.setattr(exchanges, "_attributes", lambda: iter((KEYS, PIN)))
    document = {
        "emails": [{"value": "a@x.org", "type": "work"}],
        "Operations": [{"path": 'emails[type eq "work"].value', "value": "b@x.org"}],
        "keys": [{"type": "a"}],
        "active": True,
        "title": None,
    }
    assert exchanges.secrets().hide(document) == document


def test_a_large_body_is_left_out_and_said_to_be(recorded, site):
    site(exchange_body_size=500)
    recorded.post("/Users", {"schemas": [USER], "userName": "a@x.org", "title": "x" * 600})
    row = last()
    assert (row.request_body, row.request_dropped) == ("", Dropped.LARGE)
    assert row.response_dropped == Dropped.LARGE


def test_a_connection_that_took_its_room_records_no_more(recorded, other, site):
    Connection.objects.update(records_until=timezone.now() + timedelta(hours=1))
    recorded.get("/Users")
    one = Exchange.objects.get()
    site(exchange_total_size=one.size + 100)
    assert recorded.get("/Users").status == 200
    assert Exchange.objects.get() == one
    assert other.get("/Users").status == 200
    assert Exchange.objects.count() == 2


DEEP = '{"a":' * 900 + "1" + "}" * 900


@pytest.mark.parametrize("body", [DEEP, '{"title": "\\u0000\\ud800"}', b"\xff\xfe", "", "[]"])
def test_odd_bodies_are_answered_as_ever_and_recorded(recorded, body):
    assert recorded.send("POST", "/Users", body).status == 400
    assert last().status == 400


@pytest.mark.parametrize("error", [DatabaseError("gone"), TypeError("x")])
def test_no_failure_of_the_recording_reaches_the_client(recorded, monkeypatch, caplog, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(exchanges, "insert", fail)
    assert recorded.post("/Users", {"schemas": [USER], "userName": "a@x.org"}).status == 201
    assert "could not be recorded" in caplog.text


def test_nobody_unknown_is_recorded(recorded):
    assert recorded.get("/Users", authorization="Bearer kvp_nothing").status == 401
    assert not Exchange.objects.exists()


def test_purge_removes_what_is_old(recorded, capsys):
    recorded.get("/Users")
    recorded.get("/Groups")
    Exchange.objects.filter(path__endswith="Users").update(time=timezone.now() - timedelta(days=8))
    call_command("purge_ledger", "--json")
    assert json.loads(capsys.readouterr().out)["exchanges"] == 1
    assert last().path.endswith("/Groups")
