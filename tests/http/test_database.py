"""Trouble with the database: told without its text, and healed by the next request."""

from __future__ import annotations

import json
from threading import Thread
from unittest.mock import patch

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connection,
)

from scim_provisioning.http.database import translate
from tests.scim_client import USER

ON_POSTGRESQL = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="needs sessions of PostgreSQL"
)
BODY = {"schemas": [USER], "userName": "ada"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError, 503),
        (InterfaceError, 503),
        (InternalError, 503),
        (DatabaseError, 503),
        (IntegrityError, 409),
        (DataError, 400),
    ],
)
def test_errors_of_the_database_have_their_status_and_not_its_text(error, status):
    found = translate(error('relation "secret" of host 10.0.0.5'))
    assert found.status == status
    assert "secret" not in found.detail


@pytest.mark.parametrize("error", [ProgrammingError, NotSupportedError, ValueError])
def test_our_own_mistakes_are_no_trouble_that_passes(error):
    assert translate(error("x")) is None


def test_retry_after_is_the_setting(settings):
    settings.SCIM_PROVISIONING = {"RETRY_AFTER": 42}
    assert translate(OperationalError("x")).retry_after == 42


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError("secret"), ProgrammingError("secret")], ids=str)
def test_no_text_of_the_database_reaches_a_client(scim, error):
    with patch("scim_provisioning.directory.service.create", side_effect=error):
        answer = scim.post("/Users", BODY)
    assert answer.status in (500, 503)
    assert "secret" not in json.dumps([answer.body, dict(answer.headers)])


def in_a_session_of_its_own(sql, *values):
    def run():
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
        connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_a_session_that_was_ended_heals_with_the_next_request(scim):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    in_a_session_of_its_own("SELECT pg_terminate_backend(%s)", pid)
    answer = scim.post("/Users", BODY)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert scim.post("/Users", BODY).status == 201


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_no_writes_is_503_and_still_reads(scim):
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        assert scim.post("/Users", BODY).status == 503
        assert scim.get("/Users").status == 200
    finally:
        connection.close()
    assert scim.post("/Users", BODY).status == 201
