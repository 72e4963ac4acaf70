"""The id of a request in every line of it, whoever logs, and in no other's."""

from __future__ import annotations

import json
import logging

import pytest
from django.core.signals import request_finished

from kyvos_portal.logs import AccessFilter, JsonFormatter
from scim_provisioning.logs import RequestIdFilter
from scim_provisioning.signals import user_provisioned
from tests.scim_client import USER

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines():
    """Every line that is logged, as the portal's handler writes it."""
    found = []

    class Handler(logging.Handler):
        def emit(self, record):
            found.append(json.loads(self.format(record)))

    handler = Handler()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIdFilter())
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


def create(scim, name="ada@example.com"):
    return scim.post("/Users", {"schemas": [USER], "userName": name})


@pytest.fixture
def site_logs():
    """A site whose own code logs while a user is made."""

    def receiver(**_):
        logging.getLogger("of.the.site").warning("a user")

    user_provisioned.connect(receiver)
    yield
    user_provisioned.disconnect(receiver)


def test_lines_of_any_logger_carry_the_id_that_the_client_was_shown(scim, lines, site_logs):
    answers = [create(scim, f"u{number}@example.com") for number in range(2)]
    told = [line["request_id"] for line in lines if line["logger"] == "of.the.site"]
    assert told == [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(told)) == 2


def test_an_unforeseen_error_is_logged_under_the_id(scim, lines, monkeypatch):
    monkeypatch.setattr("scim_provisioning.directory.service.create", None)
    answer = create(scim)
    assert answer.status == 500
    [line] = [line for line in lines if "exception" in line and line["logger"].startswith("scim")]
    assert line["request_id"] == answer.headers["X-Request-Id"]


def test_djangos_own_lines_carry_it_too(client, lines):
    shown = client.get("/nowhere")["X-Request-Id"]
    [line] = [line for line in lines if line["logger"] == "django.request"]
    assert line["request_id"] == shown


def test_outside_a_request_there_is_no_id(scim, lines):
    create(scim)
    request_finished.send(sender=None)
    logging.getLogger("of.the.site").warning("later")
    assert "request_id" not in lines[-1]


def test_an_access_line_has_the_id_of_its_answer():
    record = logging.LogRecord("gunicorn.access", logging.INFO, "", 0, "%(s)s", None, None)
    record.args = {"{x-request-id}o": "1-2-3", "s": "200"}
    AccessFilter().filter(record)
    line = json.loads(JsonFormatter().format(record))
    assert (line["message"], line["request_id"]) == ("200", "1-2-3")
