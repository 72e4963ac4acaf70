"""What serves pages costs SCIM's requests nothing, and still serves pages."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db


def test_a_session_beside_a_credential_is_never_looked_at(scim, admin_client):
    scim.http.cookies = admin_client.cookies
    with CaptureQueriesContext(connection) as queries:
        answer = scim.get("/Users")
    assert answer.status == 200
    assert "session" not in " ".join(query["sql"] for query in queries)
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert "Set-Cookie" not in answer.headers


def test_the_language_of_a_page_is_none_of_scim_s(scim, admin_client):
    page = admin_client.get("/admin/", headers={"accept-language": "de"})
    assert 'lang="de"' in page.text
    refused = scim.post("/Users", {}, accept_language="de")
    assert refused.status == 400
    assert "Language" not in refused.headers.get("Vary", "")
    assert refused.body["detail"].isascii()


def test_pages_have_them_all(admin_client):
    response = admin_client.get("/admin/")
    assert response.wsgi_request.session.session_key
    assert {"Cookie", "Accept-Language"} <= set(response["Vary"].split(", "))
    assert list(response.context["messages"]) == []


@pytest.mark.once
def test_a_process_reads_pysaml2_when_somebody_signs_in_by_saml():
    """It is a fifth of what a process takes."""
    code = """
import sys
from kyvos_portal.wsgi import application
from django.core.management import call_command
from django.urls import resolve, reverse
call_command("check")
acs = resolve(reverse("saml2_acs"))
assert "saml2" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
