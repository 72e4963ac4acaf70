"""Counts: kept while the database is away, dropped where they can never be written."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError

from scim_provisioning import counters
from scim_provisioning.models import RequestCount
from tests.scim_client import PREFIX

pytestmark = pytest.mark.django_db


def written():
    counters.flush()
    return list(RequestCount.objects.values_list("connection", "method", "status", "count"))


def test_equal_requests_of_a_minute_are_one_row(scim):
    for _ in range(3):
        counters.count(scim.connection.pk, None, "GET", 200)
    assert written() == [(scim.connection.pk, "GET", 200, 3)]


def test_made_up_methods_are_counted_as_one(scim):
    for method in ("PROPFIND", "A" * 20, "B" * 20):
        scim.http.generic(method, f"{PREFIX}/Users")
    assert written() == [(None, "OTHER", 401, 3)]


def test_counts_of_a_deleted_connection_are_dropped_and_the_others_written(scim, other):
    counters.count(scim.connection.pk, None, "GET", 200)
    counters.count(other.connection.pk, None, "GET", 200)
    other.connection.delete()
    assert written() == [(scim.connection.pk, "GET", 200, 1)]


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (OperationalError("down"), 1),
        (InterfaceError("closed"), 1),
        (DataError("too long"), 0),
        (IntegrityError("gone"), 0),
    ],
    ids=lambda value: str(value),
)
def test_counts_are_kept_only_for_a_database_that_comes_back(error, kept):
    counters.count(None, "10.0.0.1", "GET", 401)
    with patch.object(RequestCount.objects, "bulk_create", side_effect=error):
        counters.flush()
    assert len(written()) == kept


def test_counts_are_not_written_before_they_are_due(scim, settings):
    settings.SCIM_PROVISIONING = {"COUNTER_FLUSH_SECONDS": 3600}
    counters.flush()
    scim.get("/Users")
    assert not RequestCount.objects.exists()


def test_counts_that_are_left_are_written_when_the_process_ends(scim):
    scim.get("/Users")
    counters._flush_at_exit()
    assert RequestCount.objects.exists()


def test_a_database_that_is_gone_disturbs_no_ending_process():
    counters.count(None, None, "GET", 401)
    with patch.object(counters, "_write", side_effect=RuntimeError):
        counters._flush_at_exit()


def test_refused_reads_and_failures_are_counted_too(scim):
    scim.get("/Users?filter=x")
    with patch("scim_provisioning.resources.query.search", side_effect=OperationalError):
        scim.get("/Users")
    assert {row[2] for row in written()} == {400, 503}


def test_a_429_of_a_write_is_counted_and_not_recorded(scim):
    scim.connection.state = "paused"
    scim.connection.save()
    scim.delete("/Users/x")
    assert written() == [(scim.connection.pk, "DELETE", 429, 1)]
    assert not scim.connection.events.exists()
