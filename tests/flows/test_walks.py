"""Walks by cursor while others write: real threads on a real database."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from threading import Event

import pytest
from django.db import connection

from scim_provisioning.directory import seeding
from scim_provisioning.models import ScimUser
from tests.scim_client import USER
from tests.threads import persistently

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_user]

ROWS = 2000


@pytest.fixture
def directory(scim, settings):
    # As many go as the walk leaves time for.
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "BRAKE_PEOPLE": 0}
    seeding.seed(scim.connection, seeding.Plan(users=ROWS, groups=0, big_group=0))
    return [str(pk) for pk in ScimUser.objects.filter(listed=True).values_list("pk", flat=True)]


def walk(scim, query):
    """Return how often a walk met each id."""
    met, path = Counter(), f"{query}&cursor"
    while path is not None:
        page = persistently(partial(scim.get, path)).body
        met.update(resource["id"] for resource in page["Resources"])
        path = f"{query}&cursor={page['nextCursor']}" if "nextCursor" in page else None
    return met


@pytest.mark.scim("C21", "A090")
@pytest.mark.parametrize(
    "query", ["/Users?count=150", "/Users?sortBy=userName&count=150", "/?count=150"]
)
def test_a_walk_meets_what_was_there_throughout_once(scim, directory, query):
    done, numbers = Event(), count()
    doomed, changed = iter(directory[::3]), iter(directory[1::3])

    def create():
        body = {"schemas": [USER], "userName": f"new{next(numbers)}@example.com"}
        assert persistently(lambda: scim.post("/Users", body)).status == 201

    def change():
        operation = {"op": "add", "path": "title", "value": "changed"}
        path = f"/Users/{next(changed)}"
        assert persistently(lambda: scim.patch(path, operation)).status == 200

    def delete():
        path = f"/Users/{next(doomed)}"
        assert persistently(lambda: scim.delete(path)).status == 204

    def write(work):
        written = 0
        try:
            while not done.is_set():
                work()
                written += 1
        except StopIteration:
            pass
        finally:
            connection.close()
        return written

    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write, work) for work in (create, change, delete)]
        try:
            met = walk(scim, query)
        finally:
            done.set()
        assert all(writer.result() for writer in writers)
    throughout = {
        str(pk)
        for pk in ScimUser.objects.filter(pk__in=directory, listed=True).values_list(
            "pk", flat=True
        )
    }
    assert len(throughout) < ROWS
    assert {identifier for identifier in throughout if met[identifier] != 1} == set()
    assert max(met.values()) == 1
