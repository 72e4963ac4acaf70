"""The administrator's page of a user: role, what was applied or why not, permissions in groups."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from onboarding.models import Role
from onboarding.services import give_group, onboard, publish
from tests.onboarding.admin_site import cost, staff

__all__ = ["staff"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return get_user_model().objects.create_user("ada@example.com")


def address(user):
    return reverse("admin:kyvos_portal_user_change", args=[user.pk])


def page(client, user):
    return client.get(address(user)).content.decode()


def test_a_user_made_by_hand_has_no_record_and_can_be_given_a_role(admin_client, ada):
    shown = page(admin_client, ada)
    assert "the account was made in another way" in shown
    assert reverse("admin:onboarding_userprofile_add") + f"?user={ada.pk}" in shown


def test_what_was_applied_and_where_the_role_comes_from_is_shown(admin_client, ada):
    publish('{"roleName": "Business User"}', None)
    profile = onboard(ada)
    shown = page(admin_client, ada)
    assert "Business User, given when the account was made" in shown
    assert "First Login Actions applied" in shown
    assert reverse("admin:onboarding_userprofile_change", args=[profile.pk]) in shown
    group = Group.objects.create(name="Designers")
    ada.groups.add(group)
    give_group(group, Role.objects.get(slug="designer"), None)
    assert "Designer, given by the group Designers" in page(admin_client, ada)


def test_why_nothing_was_applied_is_shown(admin_client, ada):
    onboard(ada, existed=True)
    assert "The account was there before, and was linked" in page(admin_client, ada)


def test_a_group_shows_the_role_that_it_gives(admin_client, admin_user, staff):
    group = Group.objects.create(name="Designers")
    change = reverse("admin:auth_group_change", args=[group.pk])
    add = reverse("admin:onboarding_grouprole_add") + f"?group={group.pk}"
    assert add in admin_client.get(change).text
    row = give_group(group, Role.objects.get(slug="designer"), admin_user)
    shown = admin_client.get(change).text
    assert reverse("admin:onboarding_grouprole_change", args=[row.pk]) + '">Designer</a>' in shown
    assert f"given by {admin_user}" in shown
    assert "Role that it gives" not in staff("view_group").get(change).text


def test_permissions_of_a_group_are_ticked_in_groups(admin_client):
    group = Group.objects.create(name="Editors")
    permission = Permission.objects.get(codename="view_role")
    change = reverse("admin:auth_group_change", args=[group.pk])
    assert admin_client.get(change).content.decode().count("<legend>") >= 15
    admin_client.post(change, {"name": "Editors", "permissions": [permission.pk]})
    assert list(group.permissions.all()) == [permission]


def test_the_page_joins_what_each_app_knows(admin_client, scim):
    user = get_user_model().objects.get(scim=scim.user("eva@example.com", externalId="00u9")["id"])
    shown = page(admin_client, user)
    assert "Kept by idp" in shown
    assert "00u9" in shown
    assert "No First Login Actions" not in shown
    assert "Last sign-ins:" in shown
    assert "All events" in shown


def test_parts_of_the_other_apps_are_for_those_who_see_their_pages(ada, staff):
    shown = page(staff("view_user"), ada)
    assert "Last sign-ins:" not in shown
    assert "Role and First Login Actions:" not in shown
    shown = page(staff("view_user", "view_signinevent", "view_userprofile"), ada)
    assert "Last sign-ins:" in shown
    assert "Role and First Login Actions:" in shown


@pytest.mark.parametrize("count", [1, 50])
def test_the_page_costs_the_same_for_1_row_and_50(admin_client, ada, count):
    for i in range(count):
        group = Group.objects.create(name=f"G{i}")
        ada.groups.add(group)
        give_group(group, Role.objects.get(slug="designer"), None)
    assert cost(admin_client, address(ada)) <= 24
