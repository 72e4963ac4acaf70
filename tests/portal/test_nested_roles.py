"""A group's role is that of people in groups within it too, where groups are nested."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kyvos_portal.scim import PORTAL_USER
from onboarding import services
from onboarding.models import GroupRole, Role
from scim_provisioning.directory import ownership

pytestmark = pytest.mark.django_db

INNER = "scim_below__descendant"


@pytest.fixture(autouse=True)
def _nested(settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "NESTED_GROUPS": True}
    settings.ONBOARDING = {**settings.ONBOARDING, "INNER_GROUPS": INNER}


@pytest.fixture
def company(scim):
    """Return ada's account; she is in *team* in *department* in *company*, which has a role."""
    ada = scim.user("ada@example.com")["id"]
    team = scim.group("Team", [ada])["id"]
    department = scim.group("Department", [team])["id"]
    scim.group("Company", [department])
    give("Company", "designer")
    return get_user_model().objects.get(scim__id=ada)


def give(group, slug, **allowed):
    role = Role.objects.get(slug=slug)
    services.give_group(Group.objects.get(name=group), role, None, **allowed)


def fresh(user):
    return get_user_model().objects.get(pk=user.pk)


def test_the_role_of_an_outer_group_is_in_effect(company):
    found = services.effective_role(company)
    assert (found.role.slug, found.group_role.group.name) == ("designer", "Company")
    assert fresh(company).has_perm("onboarding.design_entities")


def test_it_ends_when_the_group_leaves_the_outer_one(scim, company):
    outer = scim.get('/Groups?filter=displayName eq "Company"').body["Resources"][0]["id"]
    assert scim.patch(f"/Groups/{outer}", {"op": "remove", "path": "members"}).status == 204
    assert services.effective_role(company) is None
    assert not fresh(company).has_perm("onboarding.design_entities")


def test_of_several_on_the_way_the_highest_counts_and_each_is_told_once(scim, company):
    give("Team", "end-user")
    scim.group("Club", [str(company.groups.get().scim.pk), str(company.scim.pk)])
    give("Club", "business-user")
    held = services.describe(company).roles
    assert [one.role.slug for one in held] == ["designer", "business-user", "end-user"]


def test_administrators_are_made_only_where_a_person_allowed_it(company):
    give("Company", "administrator", administrator_allowed=True)
    assert services.effective_role(company).role.slug == "administrator"
    GroupRole.objects.update(administrator_allowed=False)
    assert services.effective_role(company) is None


def test_scim_tells_the_role_and_finds_people_by_it(scim, company):
    name = f"{PORTAL_USER}:role"
    shown = scim.get(f"/Users/{company.scim.pk}?attributes={name}").body
    assert shown[PORTAL_USER] == {"role": "Designer"}
    assert scim.search("/Users", f'{name} eq "Designer"').body["totalResults"] == 1


def test_who_has_a_role_by_nesting_is_privileged(company):
    assert ownership.has_privilege(company.pk)
    give("Company", "end-user")
    assert not ownership.has_privilege(company.pk)


def test_a_local_group_within_one_with_a_role_waits_for_approval(scim, other):
    inner = Group.objects.create(name="Inner")
    scim.group("Outer", [str(inner.scim.pk)])
    eve = {"op": "add", "path": "members", "value": [{"value": other.user("eve@b.example")["id"]}]}
    give("Outer", "designer")
    answer = other.patch(f"/Groups/{inner.scim.pk}", eve)
    assert (answer.status, "permissions or a role" in answer.body["detail"]) == (403, True)
    GroupRole.objects.all().delete()
    assert other.patch(f"/Groups/{inner.scim.pk}", eve).status == 204


def test_the_page_of_the_person_says_where_it_comes_from(company, admin_client):
    page = admin_client.get(f"/admin/kyvos_portal/user/{company.pk}/change/").content.decode()
    assert "Designer" in page
    assert "the group Company" in page


def test_without_the_setting_direct_membership_counts_alone(company, settings):
    settings.ONBOARDING = {**settings.ONBOARDING, "INNER_GROUPS": None}
    assert services.effective_role(company) is None


def test_permissions_cost_two_statements_nested_or_not(company):
    user = fresh(company)
    with CaptureQueriesContext(connection) as queries:
        user.has_perm("onboarding.design_entities")
    roles = [query for query in queries if "onboarding_role" in query["sql"]]
    assert len(roles) == 2
