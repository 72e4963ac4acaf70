"""What a site's other layers answer below the prefix, and what must not disturb an answer."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError, connections
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.test import Client
from django.urls import resolve, set_script_prefix
from rest_framework.exceptions import ParseError, Throttled

from scim_provisioning.http.exceptions import as_scim_error
from scim_provisioning.http.prefix import root
from tests.scim_client import ERROR, PREFIX, USER

pytestmark = pytest.mark.django_db

COMMON = "django.middleware.common.CommonMiddleware.process_request"


def another_layer(**options):
    """Let a middleware inside ours answer or raise."""
    return patch(COMMON, **options)


def is_scim(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/scim+json"
    body = json.loads(response.content)
    assert (body["schemas"], body["status"]) == ([ERROR], str(status))
    return body


def get(scim, path="/Users", **headers):
    headers = {"authorization": scim.bearer, **headers}
    return scim.http.get(PREFIX + path, headers=headers)


RAISED = [
    (Http404("x"), 404),
    (PermissionDenied("x"), 403),
    (OperationalError("x"), 500),
    (ZeroDivisionError("x"), 500),
]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(("error", "status"), RAISED, ids=lambda v: str(type(v).__name__))
def test_exceptions_of_other_layers_are_scim_errors(scim, settings, error, status, debug):
    settings.DEBUG = debug
    with another_layer(side_effect=error):
        body = is_scim(get(scim), status)
    assert "Traceback" not in json.dumps(body)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 501, 503])
def test_answers_of_other_layers_keep_their_status(scim, status):
    page = HttpResponse("<h1>Sorry</h1>", status=status, headers={"Retry-After": "7"})
    with another_layer(return_value=page):
        response = get(scim)
    is_scim(response, status)
    assert response["Retry-After"] == "7"


def test_a_slash_redirect_is_not_found(scim):
    with another_layer(return_value=HttpResponseRedirect("/elsewhere/")):
        is_scim(get(scim), 404)


def test_a_redirect_to_tls_says_so(scim, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert "https" in is_scim(get(scim), 403)["detail"]


def test_a_page_of_another_layer_is_no_answer_of_ours(scim):
    with another_layer(return_value=HttpResponse("<h1>Welcome</h1>")):
        is_scim(get(scim), 404)


def test_a_conditional_get_of_the_site_stays_304(scim, settings):
    name = "django.middleware.http.ConditionalGetMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, name]
    tag = get(scim, "/ServiceProviderConfig")["ETag"]
    response = get(scim, "/ServiceProviderConfig", **{"if-none-match": tag})
    assert (response.status_code, response.content) == (304, b"")


def test_a_site_that_asks_everybody_to_log_in_does_not_ask_scim(scim, settings):
    layers = ("sessions.middleware.Session", "auth.middleware.Authentication")
    layers += ("auth.middleware.LoginRequired",)
    names = [f"django.contrib.{layer}Middleware" for layer in layers]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, *names]
    assert get(scim).status_code == 200


def test_a_view_sees_no_csrf_check(scim):
    strict = Client(enforce_csrf_checks=True)
    body = json.dumps({"schemas": [USER], "userName": "ada"})
    response = strict.post(
        f"{PREFIX}/Users", body, "application/scim+json", headers={"authorization": scim.bearer}
    )
    assert response.status_code == 201


@pytest.mark.parametrize("path", ["/Users", "/Groups/x", "/Schemas", "/Me", "/nowhere"])
def test_no_view_runs_in_a_transaction_of_the_site(path):
    view = resolve(PREFIX + path).func
    assert set(view._non_atomic_requests) == set(connections)
    assert view.csrf_exempt


def test_a_session_is_no_credential(scim):
    scim.http.force_login(scim.connection.acting_user, "django.contrib.auth.backends.ModelBackend")
    is_scim(scim.http.get(f"{PREFIX}/Users"), 401)


def test_an_unforeseen_error_reaches_no_test_client(scim):
    with patch("scim_provisioning.resources.query.search", side_effect=ZeroDivisionError):
        response = Client().get(f"{PREFIX}/Users", headers={"authorization": scim.bearer})
    is_scim(response, 500)


def test_the_log_names_the_request_that_the_client_was_told(scim, caplog):
    with patch("scim_provisioning.resources.query.search", side_effect=ZeroDivisionError):
        response = get(scim)
    record = next(r for r in caplog.records if "Unforeseen" in r.getMessage())
    assert response["X-Request-Id"] in record.getMessage()
    assert record.exc_info


@pytest.mark.parametrize("error", [OperationalError("locked"), InterfaceError("closed")], ids=str)
def test_a_use_that_cannot_be_noted_changes_no_answer(scim, error):
    with patch("scim_provisioning.auth.touch", side_effect=error):
        answer = scim.post("/Users", {"schemas": [USER], "userName": "ada"})
    assert answer.status == 201


@pytest.fixture
def _mounted_below():
    """Serve as a site does that a server mounts at ``/portal``."""
    set_script_prefix("/portal/")
    yield
    set_script_prefix("/")


@pytest.mark.usefixtures("_mounted_below")
def test_locations_and_errors_follow_the_script_name(scim):
    headers = {"authorization": scim.bearer}
    response = scim.http.get(f"{PREFIX}/ResourceTypes", headers=headers, SCRIPT_NAME="/portal")
    location = json.loads(response.content)["Resources"][0]["meta"]["location"]
    assert location == f"http://testserver/portal{PREFIX}/ResourceTypes/User"
    with another_layer(side_effect=Http404):
        is_scim(scim.http.get(f"{PREFIX}/no", headers=headers, SCRIPT_NAME="/portal"), 404)
    assert root() == f"/portal{PREFIX}/"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestDataTooBig(), 413),
        (SuspiciousOperation(), 400),
        (PermissionDenied(), 403),
        (Http404(), 404),
        (Throttled(wait=5), 429),
        (ParseError(), 400),
    ],
    ids=lambda value: type(value).__name__,
)
def test_exceptions_of_the_frameworks_have_their_status(error, status):
    assert as_scim_error(error, None).status == status


@pytest.mark.parametrize("debug", [True, False])
def test_a_sites_own_view_below_the_prefix_fails_as_scim(scim, settings, debug, caplog):
    settings.ROOT_URLCONF, settings.DEBUG = "tests.http.broken_urls", debug
    body = is_scim(get(scim, "/broken"), 500)
    assert "secret" not in json.dumps(body)
    assert "ZeroDivisionError" in caplog.text
    assert get(scim).status_code == 200


def test_a_sites_own_view_elsewhere_fails_as_the_site_does(settings):
    settings.ROOT_URLCONF = "tests.http.broken_urls"
    response = Client(raise_request_exception=False).get("/broken")
    assert (response.status_code, response["Content-Type"]) == (500, "text/html; charset=utf-8")


def test_exceptions_that_a_site_lets_through_are_scim_errors(scim, settings):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    with another_layer(side_effect=ZeroDivisionError):
        is_scim(get(scim), 500)


def test_a_site_without_scim_urls_is_left_alone(settings):
    settings.ROOT_URLCONF = "tests.http.no_urls"
    assert Client().get(f"{PREFIX}/Users").status_code == 404
