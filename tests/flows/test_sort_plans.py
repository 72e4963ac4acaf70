"""The usual sorts go by an index, from the first page and from any place on."""

from __future__ import annotations

import django
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scim_provisioning.directory import seeding

pytestmark = [pytest.mark.django_db, pytest.mark.any_user]

SORTS = {
    "": "scim_user_listed",
    "&sortBy=meta.created": "scim_user_listed",
    "&sortBy=meta.lastModified": "scim_user_modified",
    "&sortBy=userName": "scim_user_name_key",
    "&sortBy=displayName": "scim_user_display_name",
    "&sortBy=name.familyName": "scim_user_family_name",
}


@pytest.fixture
def directory(scim):
    seeding.seed(scim.connection, seeding.Plan(users=300, groups=0, big_group=0))
    return scim


def plan(scim, path):
    """Return what the database does for the keys of a page."""
    with CaptureQueriesContext(connection) as queries:
        body = scim.get(path).body
    [sql] = [query["sql"] for query in queries if " LIMIT " in query["sql"]][:1]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table of this size is read as fast without an index.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{explain} {sql}")
        return "\n".join(str(row) for row in cursor.fetchall()), body


@pytest.mark.parametrize(("sort", "index"), SORTS.items())
@pytest.mark.parametrize("order", ["", "&sortOrder=descending"], ids=["up", "down"])
def test_a_page_goes_by_its_index(directory, sort, index, order):
    if connection.vendor == "sqlite" and django.VERSION >= (6, 1) and "userName" in sort:
        pytest.skip("Django compares the boolean there, and SQLite takes the index on that.")
    query = f"/Users?count=10&attributes=id{sort}{order}"
    first, body = plan(directory, f"{query}&cursor")
    later, _ = plan(directory, f"{query}&cursor={body['nextCursor']}")
    by_index, _ = plan(directory, query)
    if connection.vendor == "sqlite":
        index = "sqlite_autoindex" if index == "scim_user_name_key" else index
        later = later.replace("COVERING ", "")
        assert f"SEARCH scim_provisioning_scimuser USING INDEX {index}" in later
        if django.VERSION >= (6, 1):
            # The same of first pages, where SQLite is new.
            return
    # Backwards the first page asks for those without a value.
    assert all(index in found for found in (later, by_index, *([] if order else [first])))
