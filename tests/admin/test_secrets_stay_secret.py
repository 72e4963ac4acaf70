"""Nothing secret lies anywhere in clear: not in the database, a log, an error or a page."""

from __future__ import annotations

import io
import logging
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.urls import reverse

from scim_provisioning import counters
from scim_provisioning.credentials import Kind
from scim_provisioning.models import (
    ClientSecret,
    Finding,
    PersonalAccessToken,
    ProvisioningEvent,
    RequestCount,
)
from tests.oauth_client import OAuthClient
from tests.scim_client import USER, ScimClient, basic

pytestmark = pytest.mark.django_db
SHOWN = re.compile(r"kv[ps]_[0-9A-Za-z]{49}")
PASSWORD = "correct-horse-battery-staple"


@pytest.fixture
def everything_logged(caplog):
    """What any logger writes, at any level."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("oauthlib").setLevel(logging.INFO)
    return caplog


@pytest.fixture
def secrets(scim, admin_client):
    """Make one of each kind through the pages, and use each of them, well and badly."""
    scim.connection.acting_user.set_password(PASSWORD)
    scim.connection.acting_user.save()
    found = {"password": PASSWORD, "first token": scim.token}
    for kind in Kind:
        path = reverse(
            "admin:scim_provisioning_connection_new_credential", args=[scim.connection.pk, kind]
        )
        seen = admin_client.get(path).context["form"]["seen"].value()
        page = admin_client.post(path, {"days": "365", "old": "7", "seen": seen})
        found[kind] = SHOWN.search(page.content.decode())[0]
    application = ClientSecret.objects.get().connection.acting_user
    client_id = application.oauth2_provider_application.get().client_id
    oauth = OAuthClient(scim, client_id, found[Kind.CLIENT])
    found["access token"] = oauth.ask(**oauth.body).json()["access_token"]
    return found, oauth


def use(scim: ScimClient, secrets: dict[str, str], oauth: OAuthClient) -> list[str]:
    """Send every secret in every place, right and wrong; return all that was answered."""
    answers = []
    for secret in secrets.values():
        for header in (f"Bearer {secret}", secret, basic(scim.username, secret)):
            for path in ("/Users", f"/Users?access_token={secret}", "/Nowhere"):
                answer = scim.get(path, authorization=header)
                answers.append(f"{answer.headers} {answer.body}")
            answers.append(str(scim.post("/Users", {"schemas": [USER]}, authorization=header).body))
        for fields in ({"client_secret": secret}, {"client_id": secret}, {"scope": secret}):
            answers.append(oauth.ask(**{**oauth.body, **fields}).content.decode())
        answers.append(oauth.ask(f"/oauth/token?client_secret={secret}").content.decode())
        answers.append(oauth.ask(authorization=basic(oauth.client_id, secret)).content.decode())
        answers.append(oauth.ask("/oauth/revoke", token=secret).content.decode())
    return [answer for answer in answers if '"access_token"' not in answer]


PAGES = ("connection", "personalaccesstoken", "provisioningevent", "requestcount", "finding")


def pages(admin_client, scim):
    """Return the source of every page that could show one."""
    connection = scim.connection.pk
    paths = [reverse(f"admin:scim_provisioning_{name}_changelist") for name in PAGES]
    paths += [
        reverse("admin:scim_provisioning_connection_credentials", args=[connection]),
        reverse("admin:scim_provisioning_connection_change", args=[connection]),
        reverse("admin:scim_provisioning_connection_history", args=[connection]),
        reverse("admin:index"),
    ]
    for model in (PersonalAccessToken, ProvisioningEvent, RequestCount, Finding):
        name = f"admin:scim_provisioning_{model._meta.model_name}_change"
        paths += [reverse(name, args=[row.pk]) for row in model.objects.all()[:20]]
    return [admin_client.get(path).content.decode() for path in paths]


def test_a_secret_is_found_nowhere(scim, admin_client, secrets, everything_logged, capsys):
    found, oauth = secrets
    answers = use(scim, found, oauth)
    counters.flush()
    call_command("connection", "credentials", "idp")
    call_command("connection", "credentials", "idp", "--json")
    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]
    printed = capsys.readouterr()
    places = {
        "database": dump.getvalue(),
        "sessions": " ".join(sessions),
        "cookies": str(admin_client.cookies),
        "ledger": str(list(ProvisioningEvent.objects.values())),
        "admin's log": str(list(LogEntry.objects.values())),
        "logs": everything_logged.text,
        "answers": " ".join(answers),
        "pages": " ".join(pages(admin_client, scim)),
        "output": printed.out + printed.err,
    }
    assert all(places.values())
    leaks = [
        (kind, place)
        for kind, secret in found.items()
        for place, text in places.items()
        if secret in text
    ]
    assert leaks == []
