"""``has_perm`` asks the role in effect."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group

from onboarding import services
from onboarding.backends import RoleBackend
from onboarding.models import Role
from onboarding.services import roles

pytestmark = pytest.mark.django_db

BUILD = "onboarding.build_entities"


def again(user):
    """The user as the next request loads it."""
    return get_user_model().objects.get(pk=user.pk)


@pytest.fixture
def ada():
    model = get_user_model()
    user = model.objects.create(**{model.USERNAME_FIELD: "ada@example.com"})
    services.give(user, Role.objects.get(slug="business-user"), None)
    return user


def test_a_role_grants_its_permissions(ada):
    assert ada.has_perm(BUILD)
    assert ada.has_module_perms("onboarding")
    assert not ada.has_perm("onboarding.design_entities")
    assert not ada.has_module_perms("auth")


def test_administrator_grants_everything(ada):
    services.give(ada, Role.objects.get(slug="administrator"), None)
    assert again(ada).has_perms(["auth.delete_group", "onboarding.add_role"])


def test_a_change_of_the_role_takes_effect_at_the_next_request(ada):
    assert ada.has_perm(BUILD)
    Role.objects.get(slug="business-user").permissions.clear()
    assert not again(ada).has_perm(BUILD)


def test_a_change_of_a_groups_role_takes_effect_at_the_next_request(ada):
    group = Group.objects.create(name="Designers")
    ada.groups.add(group)
    services.give_group(group, Role.objects.get(slug="designer"), None)
    assert again(ada).has_perm("onboarding.design_entities")
    group.portal_role.delete()
    assert not again(ada).has_perm("onboarding.design_entities")


def test_nothing_is_granted_on_single_objects_nor_by_groups(ada):
    backend = RoleBackend()
    assert backend.get_all_permissions(ada, obj=ada) == set()
    assert backend.get_group_permissions(ada) == set()


@pytest.mark.parametrize("slug", ["business-user", "administrator"])
def test_the_inactive_and_the_unknown_have_none(ada, slug):
    services.give(ada, Role.objects.get(slug=slug), None)
    ada.is_active = False
    assert RoleBackend().get_all_permissions(ada) == set()
    assert RoleBackend().get_all_permissions(AnonymousUser()) == set()


@pytest.mark.parametrize("groups", [0, 30])
def test_any_number_of_questions_costs_two_statements(ada, groups, django_assert_num_queries):
    for i in range(groups):
        group = Group.objects.create(name=f"g{i}")
        ada.groups.add(group)
        services.give_group(group, Role.objects.get(slug="end-user"), None)
    backend = RoleBackend()
    with django_assert_num_queries(2):
        assert backend.has_perm(ada, BUILD)
        assert not backend.has_perm(ada, "auth.add_user")
        assert backend.has_module_perms(ada, "onboarding")


def test_without_a_role_one_statement_answers(ada, django_assert_num_queries):
    services.give(ada, None, None)
    with django_assert_num_queries(1):
        assert not RoleBackend().has_perm(ada, BUILD)


def test_the_role_that_is_shown_is_the_one_that_grants(ada):
    group = Group.objects.create(name="Mixed")
    ada.groups.add(group)
    twin = services.copy(Role.objects.get(slug="business-user"), "Analyst")
    services.give_group(group, twin, None)
    assert services.effective_role(ada).role == roles.in_effect(ada.pk).first() == twin
