"""Nothing secret of an external issuer lies anywhere in clear: table, log, ledger, error or page."""

from __future__ import annotations

import io
import logging

import pytest
from django.core.management import call_command
from django.urls import reverse

from scim_provisioning import counters
from scim_provisioning.auth import assertions
from scim_provisioning.auth.compact import Refused
from scim_provisioning.models import OIDCApplication, UsedAssertion, WorkloadTrust
from tests.local_server import send
from tests.scim_client import USER
from tests.tokens import AUDIENCE, CLIENT, KEYS

pytestmark = pytest.mark.django_db

SECRET = "s3cr3t-of-the-client"
OPAQUE = "v2.opaque~token-that-counts"


@pytest.fixture
def used(scim, issuer, admin_client):
    """Use every secret well and badly; return (what is secret, what was answered)."""
    row = issuer.application
    row.client_id, row.client_secret, row.introspection = "c", SECRET, True
    row.introspection_endpoint, row.token_endpoint = issuer.url + "/ask", issuer.url + "/token"
    row.save()
    good, bad = issuer.token(), issuer.token(aud="api://other")
    issuer.server.routes["/ask"] = lambda handler, request: send(
        handler, {"active": request.form["token"] == OPAQUE, **issuer.claims()}
    )
    issuer.server.routes["/token"] = {"access_token": bad, "token_type": "Bearer"}
    answers = []
    for token in (good, bad, good[:-9] + "AAAAAAAAA", OPAQUE, "unknown-opaque", SECRET):
        header = f"Bearer {token}"
        answers.append(scim.get("/Users", authorization=header))
        answers.append(scim.get(f"/Users?access_token={token}"))
        body = {"schemas": [USER], "userName": "ada@example.com"}
        answers.append(scim.post("/Users", body, authorization=header))
        answers.append(scim.get("/Nowhere", authorization=header))
    pages = [
        admin_client.get(address(page, *keys))
        for page, keys in (("changelist", []), ("change", [row.pk]), ("test", [row.pk]))
    ]
    pages.append(admin_client.post(address("test", row.pk), {"fetch": "on"}))
    pages += [admin_client.post(address("explain"), {"token": token}) for token in (good, bad)]
    texts = [f"{answer.headers} {answer.body}" for answer in answers]
    texts += [page.content.decode() for page in pages]
    return [*good.split("."), *bad.split(".")[1:], OPAQUE, SECRET], texts


def address(page, *keys):
    return reverse(f"admin:scim_provisioning_oidcapplication_{page}", args=keys)


def dumped():
    """Every row of every table, as text."""
    counters.flush()
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    return out.getvalue()


def test_nothing_secret_is_kept_or_shown(caplog, used):
    secrets, texts = used
    places = {"tables": dumped(), "logs": caplog.text, "answers": "\n".join(texts)}
    found = [
        (place, secret) for place, text in places.items() for secret in secrets if secret in text
    ]
    assert found == []
    assert OIDCApplication.objects.get().client_secret == SECRET


@pytest.fixture(autouse=True)
def _everything_logged(caplog):
    caplog.set_level(logging.DEBUG)


def test_an_assertion_is_not_kept(scim, issuer, caplog):
    WorkloadTrust.objects.create(
        connection=scim.connection, issuer=issuer.url, jwks_uri=issuer.url + KEYS,
        subject=CLIENT, audience=AUDIENCE,
    )  # fmt: skip
    assertion = issuer.token(jti="one-of-a-kind")
    assertions.check(assertion, scim.connection.pk)
    with pytest.raises(Refused) as caught:
        assertions.check(assertion, scim.connection.pk)
    texts = dumped() + caplog.text + str(caught.value)
    assert UsedAssertion.objects.exists()
    assert not [part for part in (*assertion.split("."), "one-of-a-kind") if part in texts]
