"""One cursor serves the statements of a connection, whatever becomes of the connection."""

from __future__ import annotations

from threading import Thread

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import CharField
from django.test.utils import CaptureQueriesContext

from scim_provisioning.statements import KEPT, Select, Slot, insert, update


@pytest.fixture
def named(db):
    Group.objects.create(name="Ops")
    return Select(Group.objects.filter(name=Slot(0, CharField())).values_list("name"))


def test_it_is_the_same_one(named):
    named.rows(["Ops"])
    kept = KEPT.cursor
    assert named.rows(["Ops"]) == [("Ops",)]
    assert KEPT.cursor is kept


def test_it_goes_on_after_a_refused_statement(named):
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(Group, [{"name": "Ops"}])
    assert named.rows(["Ops"]) == [("Ops",)]


def test_statements_are_seen_by_who_looks(named):
    named.rows(["Ops"])
    with CaptureQueriesContext(connection) as queries:
        named.rows(["Ops"])
    assert len(queries) == 1


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_has_its_own():
    key = insert(Group, [{"name": "Ops"}])
    before = KEPT.cursor
    connection.close()
    assert update(Group, key, {"name": "Dev"}) == 1
    assert KEPT.cursor is not before
    assert Group.objects.get(pk=key).name == "Dev"


def test_threads_that_share_a_connection_have_their_own(named):
    named.rows(["Ops"])
    connection.inc_thread_sharing()
    seen = []

    def ask():
        connections["default"] = shared
        seen.append((named.rows(["Ops"]), KEPT.cursor))

    shared = connections["default"]
    try:
        thread = Thread(target=ask)
        thread.start()
        thread.join()
    finally:
        connection.dec_thread_sharing()
    [(rows, cursor)] = seen
    assert rows == [("Ops",)]
    assert cursor is not KEPT.cursor
