"""The pages in an admin that is not the default one: they stay in it."""

from __future__ import annotations

import re

import pytest

from scim_provisioning.models import Finding, FindingKind, ProvisioningEvent, ScimUser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def elsewhere(settings):
    settings.ROOT_URLCONF = "tests.admin.another_site"
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "SAML_VALUES": None, "FINDINGS": ()}


@pytest.fixture
def finding(scim, other):
    user = ScimUser.objects.get(pk=scim.user()["id"])
    ProvisioningEvent.objects.create(method="POST", path="/Users", status=409)
    kind = FindingKind.FOREIGN
    return Finding.objects.create(kind=kind, connection=other.connection, user=user)


PAGES = [
    "overview/",
    "connection/",
    "connection/add/",
    "connection/{connection}/change/",
    "connection/{connection}/set-up/",
    "connection/{connection}/set-up/entra-bearer/",
    "connection/{connection}/set-up/generic/test/",
    "connection/{connection}/credentials/",
    "connection/{connection}/credentials/new/token/",
    "connection/{connection}/recording/",
    "exchange/",
    "finding/",
    "finding/{finding}/decide/",
    "provisioningevent/",
    "provisioningevent/{event}/change/",
]


@pytest.mark.parametrize("path", PAGES)
def test_pages_and_their_links_stay_in_it(scim, finding, admin_client, path, settings):
    event = ProvisioningEvent.objects.latest("pk")
    named = path.format(connection=scim.connection.pk, finding=finding.pk, event=event.pk)
    # The portal's own menu is no part of another site.
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]
    answer = admin_client.get(f"/ops/scim_provisioning/{named}")
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert not re.findall(r'(?:href|action)="(/admin/[^"]*)"', shown)
    assert "/ops/scim_provisioning/" in shown


def test_a_credential_is_made_there(scim, admin_client):
    address = f"/ops/scim_provisioning/connection/{scim.connection.pk}/set-up/okta-basic/"
    scim.connection.acting_user.personal_access_tokens.all().delete()
    assert "kvp_" in admin_client.post(address).content.decode()


def test_oauth_is_not_offered_without_a_token_endpoint(scim, admin_client):
    address = f"/ops/scim_provisioning/connection/{scim.connection.pk}/set-up/"
    shown = admin_client.get(address).content.decode()
    assert "okta-basic" in shown
    assert "oauth" not in shown
    assert "saml" not in shown
