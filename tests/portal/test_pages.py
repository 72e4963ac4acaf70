"""What every page carries, and what people see when something is wrong."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path

from kyvos_portal.policy import HEADER, POLICY

pytestmark = pytest.mark.django_db


def raising(error):
    def view(request):
        raise error

    return view


def own_policy(request):
    return HttpResponse(headers={HEADER: "default-src 'none'"})


urlpatterns = [
    path("400", raising(SuspiciousOperation())),
    path("403", raising(PermissionDenied())),
    path("500", raising(ValueError())),
    path("own", own_policy),
    path("", include("kyvos_portal.urls")),
]


@pytest.mark.parametrize("address", ["/accounts/login/", "/admin/login/", "/nowhere"])
def test_every_page_has_the_policy(client, address):
    assert client.get(address)[HEADER] == POLICY


def test_what_is_no_page_needs_no_policy(client):
    assert HEADER not in client.get("/healthz")


@pytest.mark.urls(__name__)
def test_a_view_may_set_its_own_policy(client):
    assert client.get("/own")[HEADER] == "default-src 'none'"


@override_settings(DEBUG=True)
def test_pages_for_developers_keep_their_inline_styles(client):
    assert HEADER not in client.get("/nowhere")


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_errors_have_the_portal_s_looks(client, status):
    client.raise_request_exception = False
    answer = client.get(f"/{status}")
    assert answer.status_code == status
    assert "portal.css" in answer.content.decode()
    assert answer[HEADER] == POLICY


@pytest.mark.urls(__name__)
def test_errors_need_no_database(client, django_db_blocker):
    client.cookies["sessionid"] = "x"
    client.raise_request_exception = False
    with django_db_blocker.block():
        assert b"no such page" in client.get("/404").content
        assert b"went wrong" in client.get("/500").content


def test_a_forged_form_is_told_what_to_do(client):
    client.handler.enforce_csrf_checks = True
    answer = client.post("/accounts/login/", {})
    assert (answer.status_code, answer[HEADER]) == (403, POLICY)
    assert b"This form is too old" in answer.content


def test_below_the_prefix_errors_stay_scim(client):
    answer = client.get("/rest/scim/v2/nowhere")
    assert answer["Content-Type"].startswith("application/scim+json")
