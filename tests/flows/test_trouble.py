"""A database in trouble, for real: 503 with Retry-After, and well again by itself."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from scim_provisioning.models import ScimUser
from tests.scim_client import ERROR, USER

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def locked_by_another():
    """Hold the lock that every write needs, from a connection of another thread."""
    held, done = Event(), Event()

    def hold():
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(f"LOCK TABLE {ScimUser._meta.db_table} IN ACCESS EXCLUSIVE MODE")
            held.set()
            done.wait(30)
        connection.close()

    thread = Thread(target=hold)
    thread.start()
    held.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()


def is_unavailable(answer):
    assert answer.status == 503, answer.body
    assert answer.body["schemas"] == [ERROR]
    assert answer.headers["Retry-After"].isdigit()


def test_a_locked_database_is_503_and_heals(scim):
    body = {"schemas": [USER], "userName": "ada@example.com"}
    with locked_by_another():
        is_unavailable(scim.post("/Users", body))
    assert scim.post("/Users", body).status == 201


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server to lose")
def test_a_lost_connection_is_503_once(scim):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()

    def terminate():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        connection.close()

    thread = Thread(target=terminate)
    thread.start()
    thread.join()
    is_unavailable(scim.get("/Users"))
    assert scim.get("/Users").status == 200


def test_a_read_only_database_takes_no_write(scim):
    user = scim.user()
    on, off = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": (
            "SET default_transaction_read_only = on",
            "SET default_transaction_read_only = off",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(on)
    try:
        is_unavailable(scim.post("/Users", {"schemas": [USER], "userName": "eve@example.com"}))
        assert scim.get(f"/Users/{user['id']}").body == user
    finally:
        with connection.cursor() as cursor:
            cursor.execute(off)
    assert scim.user("eve@example.com")
