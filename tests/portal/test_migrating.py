"""Migrations of large tables are not ended as a request's statements are."""

from __future__ import annotations

import pytest
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection

pytestmark = pytest.mark.django_db
EVENT = {"verbosity": 0, "interactive": False, "db": "default"}


def bound():
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return cursor.fetchone()[0]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite bounds no statement")
def test_a_migration_takes_as_long_as_it_needs():
    of_requests = bound()
    emit_pre_migrate_signal(**EVENT)
    assert (of_requests, bound()) == ("20s", "0")
    emit_post_migrate_signal(**EVENT)
    assert bound() == of_requests


def test_other_databases_are_left_alone():
    emit_pre_migrate_signal(**EVENT)
    emit_post_migrate_signal(**EVENT)
