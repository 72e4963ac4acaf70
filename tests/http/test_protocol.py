"""What every answer below the prefix keeps, from whatever layer it comes."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest
from django.db import InterfaceError, InternalError, OperationalError
from django.test import Client

from scim_provisioning import counters
from scim_provisioning.models import RequestCount, State
from tests.scim_client import ERROR, GROUP, PREFIX, USER

pytestmark = pytest.mark.django_db


def is_scim_error(answer, status):
    assert answer.status == status, answer.body
    assert answer.body["schemas"] == [ERROR]
    assert answer.body["status"] == str(status)
    assert answer.headers["Content-Type"] == "application/scim+json"
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/Nothing", "/Users/a/b", "/Schemas/urn:x", "/ResourceTypes/Car"])
def test_unknown_urls_are_scim_errors(scim, path):
    is_scim_error(scim.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/Users"), ("DELETE", "/Groups"), ("POST", "/Users/x"), ("OPTIONS", "/Users"),
     ("POST", "/Schemas"), ("GET", "/Users/.search"), ("TRACE", "/Users"), ("PATCH", "/Users")],
)  # fmt: skip
def test_other_methods_are_405_with_allow(scim, method, path):
    answer = scim.send(method, path)
    if path == "/Users/.search" and method == "GET":
        assert answer.status in (404, 405)
        return
    is_scim_error(answer, 405)
    assert answer.headers["Allow"]


def test_a_method_cannot_be_overridden(scim):
    user = scim.user()
    answer = scim.post(f"/Users/{user['id']}", {}, x_http_method_override="DELETE")
    is_scim_error(answer, 405)
    assert scim.get(f"/Users/{user['id']}").status == 200


def test_what_is_not_offered_is_not_advertised(scim):
    config = scim.get("/ServiceProviderConfig").body
    assert config["bulk"]["supported"] is True
    assert config["bulk"]["maxOperations"] > 0


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_prefix_without_its_slash_is_the_root(scim, settings, method, debug):
    settings.DEBUG = debug
    assert scim.send(method, "").status == {"GET": 200, "POST": 405}[method]


def test_a_wrong_host_is_a_scim_error(scim):
    response = scim.http.get(f"{PREFIX}/Users", headers={"host": "evil.example"})
    assert (response.status_code, response["Content-Type"]) == (400, "application/scim+json")
    assert json.loads(response.content)["schemas"] == [ERROR]


def test_other_pages_stay_what_they_are():
    response = Client(raise_request_exception=False).get("/nothing-here")
    assert response.status_code == 404
    assert "scim" not in response["Content-Type"]
    assert response["X-Request-Id"]


def test_a_clients_request_id_is_not_echoed(scim):
    answer = scim.get("/Users", x_request_id="mine")
    assert answer.headers["X-Request-Id"] != "mine"


@pytest.mark.parametrize("debug", [True, False])
def test_an_unforeseen_exception_is_a_scim_error(scim, settings, debug, caplog):
    settings.DEBUG = debug
    with patch("scim_provisioning.resources.query.search", side_effect=ZeroDivisionError("secret")):
        answer = scim.get("/Users")
    is_scim_error(answer, 500)
    assert "secret" not in json.dumps(answer.body)
    assert "ZeroDivisionError" in caplog.text


def test_an_exception_of_another_middleware_is_a_scim_error(scim):
    target = "django.middleware.common.CommonMiddleware.process_request"
    with patch(target, side_effect=ZeroDivisionError):
        is_scim_error(scim.get("/Users"), 500)


TROUBLE = [
    OperationalError("server closed the connection"),
    OperationalError("database is locked"),
    InterfaceError("connection already closed"),
    InternalError("cannot execute INSERT in a read-only transaction"),
]


@pytest.mark.parametrize("error", TROUBLE, ids=str)
def test_database_trouble_is_503_with_retry_after(scim, error):
    for target, send in [
        ("scim_provisioning.resources.query.search", lambda: scim.get("/Users")),
        ("scim_provisioning.directory.service.create", lambda: scim.post("/Users", {})),
        ("scim_provisioning.auth.authenticator.personal_tokens.check", lambda: scim.get("/Users")),
    ]:
        with patch(target, side_effect=error):
            answer = send()
        is_scim_error(answer, 503)
        assert answer.headers["Retry-After"].isdigit()
        assert str(error) not in json.dumps(answer.body)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("application/scim+json", "application/scim+json"),
        ("application/json", "application/json"),
        ("*/*", "application/scim+json"),
        ("text/html", "application/scim+json"),
        ("application/json;q=0.5, application/scim+json", "application/scim+json"),
        ("application/scim+json;q=0.2, application/json", "application/json"),
        ("application/json;q=x", "application/scim+json"),
        ("", "application/scim+json"),
    ],
)
def test_accept_decides(scim, accept, media):
    assert scim.get("/Users", accept=accept).headers["Content-Type"] == media


def test_errors_are_always_scim(scim):
    is_scim_error(scim.get("/Users/x", accept="application/json"), 404)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/scim+json", 201),
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("APPLICATION/SCIM+JSON;charset=UTF-8", 201),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
def test_media_types_of_bodies(scim, content_type, status):
    answer = scim.post("/Users", {"schemas": [USER], "userName": "a"}, content_type=content_type)
    assert answer.status == status, answer.body


def test_head_answers_like_get_without_a_body(scim):
    response = scim.http.head(f"{PREFIX}/Users", headers={"authorization": scim.bearer})
    assert (response.status_code, response.content) == (200, b"")


def test_a_paused_connection_reads_and_does_not_write(scim):
    user = scim.user()
    scim.connection.state = State.PAUSED
    scim.connection.save()
    assert scim.get(f"/Users/{user['id']}").status == 200
    assert scim.search("/Users", "userName pr").status == 200
    answer = scim.delete(f"/Users/{user['id']}")
    is_scim_error(answer, 429)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_rate_limit_is_429(scim):
    scim.connection.rate_limit = 3
    scim.connection.save()
    statuses = [scim.get("/Users").status for _ in range(12)]
    assert statuses[:3] == [200, 200, 200]
    assert 429 in statuses


@pytest.mark.parametrize(
    ("scopes", "read", "write"),
    [
        ("scim", 200, 201),
        ("scim.read", 200, 403),
        ("scim.write", 200, 201),
        ("", 403, 403),
        ("scimitar", 403, 403),
    ],
)
def test_scopes(scim, scopes, read, write):
    scim.connection.acting_user.personal_access_tokens.update(scopes=scopes)
    assert scim.get("/Users").status == read
    assert scim.search("/Users", "userName pr").status == read
    assert scim.post("/Groups", {"schemas": [GROUP], "displayName": "x"}).status == write


def test_reads_and_anonymous_refusals_are_counted(scim):
    counters.forget()
    scim.get("/Users")
    scim.get("/Users/x")
    scim.get("/Users", authorization=None)
    counters.flush()
    rows = set(RequestCount.objects.values_list("connection", "address", "status", "count"))
    key = scim.connection.pk
    assert rows == {(key, None, 200, 1), (None, "127.0.0.1", 401, 1), (key, None, 404, 1)}


def test_counts_are_kept_where_the_database_takes_none(scim):
    counters.forget()
    scim.get("/Users")
    with patch.object(RequestCount.objects, "bulk_create", side_effect=OperationalError):
        counters.flush()
    counters.flush()
    assert RequestCount.objects.get().count == 1


def test_counts_are_written_when_they_are_due(scim, settings):
    settings.SCIM_PROVISIONING = {"COUNTER_FLUSH_SECONDS": 0}
    scim.get("/Users")
    assert RequestCount.objects.exists()


def test_made_up_addresses_are_counted_as_one(monkeypatch):
    monkeypatch.setattr(counters, "MOST_KEYS", 2)
    for i in range(9):
        counters.count(None, f"10.0.0.{i}", "GET", 401)
    counters.flush()
    assert RequestCount.objects.count() == 3


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        ((), "1.2.3.4", "127.0.0.1"),
        (("127.0.0.0/8",), "1.2.3.4", "1.2.3.4"),
        (("127.0.0.0/8",), "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (("127.0.0.0/8", "10.0.0.0/8"), "1.2.3.4, 10.1.1.1", "1.2.3.4"),
        (("127.0.0.0/8",), "", "127.0.0.1"),
        (("127.0.0.0/8",), "not an address", None),
    ],
)
def test_forwarded_addresses_count_from_trusted_proxies_only(
    scim, settings, proxies, forwarded, address
):
    settings.SCIM_PROVISIONING = {"TRUSTED_PROXIES": proxies}
    scim.post("/Users", {"schemas": [USER], "userName": "a"}, x_forwarded_for=forwarded)
    assert scim.connection.events.get().address == address


def test_locations_use_the_public_url(scim, settings):
    settings.SCIM_PROVISIONING = {"PUBLIC_URL": "https://portal.example.com"}
    user = scim.user()
    assert user["meta"]["location"] == f"https://portal.example.com{PREFIX}/Users/{user['id']}"


def test_chunked_bodies_are_read(scim):
    body = json.dumps({"schemas": [USER], "userName": "ada"}).encode()
    response = scim.http.post(
        f"{PREFIX}/Users", data=body, content_type="application/scim+json",
        headers={"authorization": scim.bearer, "transfer-encoding": "chunked"},
    )  # fmt: skip
    assert response.status_code == 201
