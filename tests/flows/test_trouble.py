"""A database in trouble, for real: 503 with Retry-After, and well again by itself."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from scim_provisioning.models import ProvisioningEvent, ScimUser
from scim_provisioning.signals import provisioned, user_provisioned
from tests.scim_client import BULK_REQUEST, ENTERPRISE, ERROR, USER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_user]


@pytest.fixture
def impatient():
    """Give up on a lock soon; how long the portal waits is told by the test that has it not."""
    setting = {"sqlite": "PRAGMA busy_timeout = 100", "postgresql": "SET lock_timeout = 100"}
    with connection.cursor() as cursor:
        cursor.execute(setting[connection.vendor])
    yield
    connection.close()


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


def lose_connection():
    """End the server's side of this thread's connection."""
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


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server to lose")
def test_a_lost_connection_is_503_once(scim):
    lose_connection()
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


def bulk_of(count):
    names = [f"u{i}@example.com" for i in range(count)]
    data = [{"schemas": [USER], "userName": name} for name in names]
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": one["userName"], "data": one} for one in data
    ]
    return {"schemas": [BULK_REQUEST], "Operations": operations}


@contextmanager
def after_the_second_write(trouble):
    """Bring trouble about once two operations are committed."""
    written = []

    def committed(**_):
        written.append(1)
        if len(written) == 2:
            trouble()

    provisioned.connect(committed)
    try:
        yield
    finally:
        provisioned.disconnect(committed)


def tells_what_is_done(scim, answer):
    """Assert that the answer and the database say the same; return how much is done."""
    assert answer.status == 200, answer.body
    results = answer.body["Operations"]
    done = sum(result["status"] == "201" for result in results)
    assert [r["status"] for r in results] == ["201"] * done + ["503"] * (len(results) - done)
    assert all(r["response"]["schemas"] == [ERROR] for r in results[done:])
    held = {user["meta"]["location"] for user in scim.get("/Users").body["Resources"]}
    assert held == {r["location"] for r in results[:done]}
    assert ProvisioningEvent.objects.count() == done
    assert 2 <= done < len(results)
    return done


def test_a_bulk_tells_what_is_done_before_the_database_is_locked(scim, impatient):
    locks = ExitStack()
    with locks, after_the_second_write(lambda: locks.enter_context(locked_by_another())):
        answer = scim.post("/Bulk", bulk_of(40))
    done = tells_what_is_done(scim, answer)
    again = scim.post("/Bulk", bulk_of(40)).body["Operations"]
    assert [r["status"] for r in again] == ["409"] * done + ["201"] * (40 - done)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server to lose")
def test_a_bulk_tells_what_is_done_before_the_connection_is_lost(scim):
    with after_the_second_write(lose_connection):
        answer = scim.post("/Bulk", bulk_of(40))
    tells_what_is_done(scim, answer)
    assert scim.user()


def test_a_bulk_that_can_do_nothing_is_503_whole(scim, impatient):
    with locked_by_another():
        is_unavailable(scim.post("/Bulk", bulk_of(3)))
    assert {r["status"] for r in scim.post("/Bulk", bulk_of(3)).body["Operations"]} == {"201"}


def test_a_circle_in_trouble_leaves_nothing(scim, impatient):
    body = bulk_of(40)
    for operation, other in zip(body["Operations"][-2:], ("u39", "u38"), strict=True):
        manager = {"manager": {"value": f"bulkId:{other}@example.com"}}
        operation["data"] |= {"schemas": [USER, ENTERPRISE], ENTERPRISE: manager}
    locks = ExitStack()
    with locks, after_the_second_write(lambda: locks.enter_context(locked_by_another())):
        answer = scim.post("/Bulk", body)
    tells_what_is_done(scim, answer)


def test_what_the_commit_refuses_is_refused_alone(scim):
    def refer_to_nobody(document, **_):
        if document["userName"] == "u1@example.com":
            ProvisioningEvent.objects.create(connection_id=999_999, status=200)

    user_provisioned.connect(refer_to_nobody)
    try:
        answer = scim.post("/Bulk", bulk_of(4))
    finally:
        user_provisioned.disconnect(refer_to_nobody)
    assert [r["status"] for r in answer.body["Operations"]] == ["201", "404", "201", "201"]
    assert scim.get("/Users").body["totalResults"] == 3


def test_an_unforeseen_error_ends_one_operation_only(scim):
    def break_down(document, **_):
        if document["userName"] == "u1@example.com":
            raise RuntimeError("secret")

    user_provisioned.connect(break_down)
    try:
        answer = scim.post("/Bulk", bulk_of(3))
    finally:
        user_provisioned.disconnect(break_down)
    assert [r["status"] for r in answer.body["Operations"]] == ["201", "500", "201"]
    assert "secret" not in str(answer.body)
