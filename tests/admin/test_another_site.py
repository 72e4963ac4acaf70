"""The pages in an admin that is not the default one: they stay in it."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Group

from onboarding.admin.group_roles import role_of
from onboarding.admin.profiles import record_of
from onboarding.models import OnboardingConfiguration, UserProfile
from onboarding.services import give_group, onboard, publish
from scim_provisioning.models import Finding, FindingKind, ProvisioningEvent, ScimUser
from tests.admin.another_site import ops

pytestmark = pytest.mark.django_db
TEXT = '{"roleName": "Designer"}'


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
    "connection/{connection}/matching/",
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


@pytest.fixture
def onboarded(admin_user):
    publish(TEXT, None)
    onboard(admin_user)
    return UserProfile.objects.get()


@pytest.mark.parametrize(
    "path",
    [
        "userprofile/{profile}/change/",
        "onboardingconfiguration/",
        "onboardingconfiguration/preview/",
        "onboardingconfiguration/{configuration}/change/",
        "onboardingconfiguration/{configuration}/history/",
        "role/",
    ],
)
def test_onboardings_pages_and_their_links_stay_in_it(onboarded, admin_client, path, settings):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]
    named = path.format(
        profile=onboarded.pk, configuration=OnboardingConfiguration.objects.get().pk
    )
    shown = admin_client.get(f"/ops/onboarding/{named}").content.decode()
    assert not re.findall(r'(?:href|action)="(/admin/[^"]*)"', shown)
    assert "/ops/onboarding/" in shown


def test_roles_on_other_pages_lead_to_the_same_site_or_nowhere(onboarded):
    group, owner = Group.objects.create(name="Ops"), onboarded.user
    assert f"/ops/onboarding/grouprole/add/?group={group.pk}" in role_of(group, ops)
    row = give_group(group, onboarded.role, None)
    assert f"/ops/onboarding/grouprole/{row.pk}/change/" in role_of(group, ops)
    assert f"/ops/onboarding/userprofile/{onboarded.pk}/change/" in record_of(owner, ops)
    bare = AdminSite(name="bare")
    assert "href" not in role_of(group, bare) + record_of(owner, bare)
    row.delete()
    assert role_of(group, bare) == "None."


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
