"""The administrator's pages of roles: who may do what, and what they cost."""

from __future__ import annotations

import pytest
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import override_settings
from django.urls import include, path, reverse

from onboarding.admin.base import named_base
from onboarding.admin.roles import RoleAdmin
from onboarding.models import GroupRole, Origin, Role, UserProfile
from onboarding.services import copy, effective_role, give, give_group
from tests.onboarding.admin_site import cost, staff, url

__all__ = ["staff"]
pytestmark = pytest.mark.django_db


class OwnAdmin(ModelAdmin):
    """What a site with another admin has."""


@pytest.fixture
def designer():
    return Role.objects.get(slug="designer")


@pytest.fixture
def administrator():
    return Role.objects.get(slug="administrator")


@pytest.fixture
def ada():
    return get_user_model().objects.create_user("ada@example.com")


def permission(name):
    return Permission.objects.get(codename=name)


def test_roles_are_listed_from_the_highest(admin_client):
    page = admin_client.get(url("role")).content.decode()
    names = ["Administrator", "Designer", "Business User", "End User"]
    assert sorted(names, key=page.index) == names


def test_the_permissions_of_a_role_are_ticked(admin_client, designer):
    data = {"permissions": [permission("view_entities").pk, permission("view_group").pk]}
    admin_client.post(url("role", "change", designer.pk), data)
    held = set(designer.permissions.values_list("codename", flat=True))
    assert held == {"view_entities", "view_group"}


def test_roles_are_added_each_with_an_identifier_of_its_own(admin_client):
    for name in ("Data Steward", "data-steward", "\u6771"):
        answer = admin_client.post(url("role", "add"), {"name": name, "rank": 150})
        assert answer.status_code == 302
    slugs = Role.objects.filter(built_in=False).order_by("pk").values_list("slug", flat=True)
    assert list(slugs) == ["data-steward", "data-steward-2", "role"]


def test_permissions_stand_in_groups(admin_client, designer):
    page = admin_client.get(url("role", "change", designer.pk)).content.decode()
    assert page.count("<legend>") >= 15
    assert page.count("checked") == 3


def test_the_name_and_rank_of_a_built_in_role_stay(admin_client, designer):
    admin_client.post(url("role", "change", designer.pk), {"name": "X", "rank": 150})
    designer.refresh_from_db()
    assert (designer.name, designer.rank) == ("Designer", 300)


@pytest.mark.parametrize("slug", ["administrator", "end-user"])
def test_fixed_roles_are_only_read(admin_client, slug):
    role = Role.objects.get(slug=slug)
    assert admin_client.get(url("role", "change", role.pk)).status_code == 200
    assert admin_client.post(url("role", "change", role.pk), {}).status_code == 403


def test_a_role_is_copied(admin_client, designer):
    page = admin_client.post(url("role", "copy", designer.pk), {"name": "Modeller"}, follow=True)
    made = Role.objects.get(name="Modeller")
    assert page.redirect_chain[-1][0] == url("role", "change", made.pk)
    assert made.permissions.count() == 3


def test_a_copy_needs_a_name_of_its_own(admin_client, designer):
    page = admin_client.post(url("role", "copy", designer.pk), {"name": "business user"})
    assert "Another role has that name." in page.content.decode()


def test_there_is_no_copy_of_what_is_gone(admin_client):
    assert admin_client.get(url("role", "copy", 4711)).status_code == 404


def test_copying_needs_the_right_to_add(staff, designer):
    client = staff("view_role", "change_role")
    assert client.post(url("role", "copy", designer.pk), {"name": "X"}).status_code == 403


def test_who_may_not_make_administrators_copies_no_such_role(staff, administrator):
    client = staff("view_role", "add_role")
    assert client.post(url("role", "copy", administrator.pk), {"name": "X"}).status_code == 403


def test_who_may_not_make_administrators_makes_no_such_role(staff):
    client = staff("view_role", "add_role")
    page = client.post(url("role", "add"), {"name": "X", "rank": 400})
    assert "You may not make roles" in page.content.decode()
    assert client.post(url("role", "add"), {"name": "X", "rank": 399}).status_code == 302


def test_nobody_adds_what_they_do_not_hold(staff, designer):
    client = staff("view_role", "change_role")
    page = url("role", "change", designer.pk)
    held = [one.pk for one in designer.permissions.all()]
    more = permission("allow_administrators").pk
    told = client.post(page, {"permissions": [*held, more]}).content.decode()
    assert "You may not add what you do not hold" in told
    own = permission("change_role").pk
    assert client.post(page, {"permissions": [*held[1:], own]}).status_code == 302
    assert {one.pk for one in designer.permissions.all()} == {*held[1:], own}


def test_who_may_not_make_administrators_changes_no_such_role(staff, administrator):
    made = copy(administrator, "Chief")
    client = staff("view_role", "change_role", "delete_role")
    assert client.post(url("role", "change", made.pk), {"rank": 100}).status_code == 403
    assert client.post(url("role", "delete", made.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("rights", "ways"),
    [
        ([], []),
        (["add_role"], ["copy/"]),
        (["add_userprofile", "add_grouprole"], ["userprofile/add/?role", "grouprole/add/?role"]),
    ],
)
def test_a_role_leads_only_where_the_person_may_go(staff, designer, rights, ways):
    page = staff("view_role", *rights).get(url("role", "change", designer.pk)).text
    every = ("copy/", "userprofile/add/?role", "grouprole/add/?role")
    assert [way for way in every if way in page] == ways


def test_who_may_read_roles_changes_none(staff, designer):
    client = staff("view_role")
    assert "view_entities" not in client.get(url("role", "change", designer.pk)).content.decode()
    assert client.post(url("role", "change", designer.pk), {}).status_code == 403


def test_built_in_roles_are_not_deleted(admin_client, designer):
    assert admin_client.post(url("role", "delete", designer.pk), {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [designer.pk], "post": "yes"}
    assert admin_client.post(url("role"), data).status_code == 403


def test_a_role_that_somebody_has_is_not_deleted(admin_client, designer, ada):
    made = copy(designer, "Modeller")
    give(ada, made, ada)
    page = admin_client.post(url("role", "delete", made.pk), {"post": "yes"})
    assert "1 users and 0 groups have it." in page.content.decode()
    give(ada, None, ada)
    admin_client.post(url("role", "delete", made.pk), {"post": "yes"})
    assert not Role.objects.filter(pk=made.pk).exists()


def test_a_user_is_given_a_role(admin_client, admin_user, designer, ada):
    admin_client.post(url("userprofile", "add"), {"user": ada.pk, "role": designer.pk})
    profile = UserProfile.objects.get(user=ada)
    assert (profile.role, profile.role_origin) == (designer, Origin.PERSON)
    assert profile.role_given_by == admin_user


def test_a_role_is_taken_away(admin_client, designer, ada):
    profile = give(ada, designer, None)
    admin_client.post(url("userprofile", "change", profile.pk), {"role": ""})
    assert effective_role(ada) is None


def test_saving_without_a_change_keeps_who_gave_the_role(admin_client, designer, ada):
    profile = give(ada, designer, ada)
    admin_client.post(url("userprofile", "change", profile.pk), {"role": designer.pk})
    profile.refresh_from_db()
    assert profile.role_given_by == ada


def test_administrators_are_made_by_those_who_may(staff, administrator, designer, ada):
    client = staff("view_userprofile", "add_userprofile", "change_userprofile")
    data = {"user": ada.pk, "role": administrator.pk}
    assert "errorlist" in client.post(url("userprofile", "add"), data).content.decode()
    profile = give(ada, administrator, None)
    page = url("userprofile", "change", profile.pk)
    assert client.post(page, {"role": designer.pk}).status_code == 403


def test_a_group_is_given_a_role(admin_client, admin_user, designer):
    group = Group.objects.create(name="Designers")
    admin_client.post(url("grouprole", "add"), {"group": group.pk, "role": designer.pk})
    given = GroupRole.objects.get()
    assert (given.role, given.given_by) == (designer, admin_user)
    other = Role.objects.get(slug="end-user")
    admin_client.post(url("grouprole", "change", given.pk), {"role": other.pk})
    given.refresh_from_db()
    assert given.role == other


def test_a_group_makes_administrators_only_where_that_is_marked(admin_client, administrator):
    group = Group.objects.create(name="Chiefs")
    data = {"group": group.pk, "role": administrator.pk}
    page = admin_client.post(url("grouprole", "add"), data).content.decode()
    assert "makes administrators" in page
    admin_client.post(url("grouprole", "add"), {**data, "administrator_allowed": "on"})
    assert GroupRole.objects.get().administrator_allowed


def test_the_mark_is_hidden_from_those_who_may_not_set_it(staff, administrator):
    group = Group.objects.create(name="Chiefs")
    client = staff("view_grouprole", "add_grouprole", "delete_grouprole", "view_group")
    data = {"group": group.pk, "role": administrator.pk, "administrator_allowed": "on"}
    client.post(url("grouprole", "add"), data)
    assert not GroupRole.objects.exists()
    given = give_group(group, administrator, None, administrator_allowed=True)
    page = url("grouprole", "delete", given.pk)
    assert client.post(page, {"post": "yes"}).status_code == 403


def many(count, designer):
    for i in range(count):
        user = get_user_model().objects.create_user(f"u{i}@example.com")
        give(user, designer, user)
        give_group(Group.objects.create(name=f"G{i}"), designer, user)
        copy(designer, f"Role {i}")


@pytest.mark.parametrize("count", [1, 50])
def test_pages_cost_the_same_for_1_row_and_50(admin_client, designer, count):
    many(count, designer)
    assert cost(admin_client, url("role")) <= 6
    assert cost(admin_client, url("userprofile")) <= 6
    assert cost(admin_client, url("grouprole")) <= 6
    assert cost(admin_client, url("grouprole") + "?_facets=True") <= 6
    assert cost(admin_client, url("userprofile") + "?q=u0") <= 6
    assert cost(admin_client, url("role", "change", designer.pk)) <= 6
    assert cost(admin_client, url("role", "delete", Role.objects.get(name="Role 0").pk)) <= 5
    assert cost(admin_client, url("userprofile", "change", UserProfile.objects.first().pk)) <= 9


@pytest.mark.parametrize(
    ("path", "base"),
    [("tests.onboarding.test_role_pages.OwnAdmin", OwnAdmin), ("nowhere.at_all", ModelAdmin)],
)
def test_a_site_names_the_base_of_the_pages(path, base):
    with override_settings(ONBOARDING={"ADMIN_BASE": path}):
        assert named_base() is base


other = AdminSite(name="other")
other.register(Role, RoleAdmin)
urlpatterns = [path("other/", other.urls), path("", include("kyvos_portal.urls"))]


@pytest.mark.urls(__name__)
def test_the_pages_stay_on_the_site_that_they_are_on(admin_client, designer):
    """Roles alone, on a site of their own: nothing leads to what it does not have."""
    page = reverse("other:onboarding_role_change", args=[designer.pk])
    assert "/admin/onboarding" not in admin_client.get(page).content.decode()
    done = admin_client.post(page.replace("change", "copy"), {"name": "X"})
    assert done["Location"].startswith("/other/onboarding/role/")
