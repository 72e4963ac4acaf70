"""Roles: which is in effect, and which stay."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from onboarding import roles, services
from onboarding.models import GroupRole, Origin, Role

pytestmark = pytest.mark.django_db


def role(slug):
    return Role.objects.get(slug=slug)


@pytest.fixture
def ada():
    model = get_user_model()
    return model.objects.create(**{model.USERNAME_FIELD: "ada@example.com"})


@pytest.fixture
def ops(ada):
    group = Group.objects.create(name="Ops")
    ada.groups.add(group)
    return group


def test_four_are_built_in_in_their_order():
    assert [r.name for r in Role.objects.all()] == [
        "Administrator",
        "Designer",
        "Business User",
        "End User",
    ]
    assert [r.slug for r in Role.objects.filter(fixed=True)] == ["administrator", "end-user"]
    held = services.permissions(role("business-user")).values_list("codename", flat=True)
    assert set(held) == {"view_entities", "build_entities"}


def test_making_sure_of_them_changes_none():
    role("designer").permissions.clear()
    roles.ensure()
    assert not role("designer").permissions.exists()


@pytest.mark.parametrize("slug", ["administrator", "designer"])
def test_the_built_in_ones_stay(slug):
    with pytest.raises(ProtectedError, match="built in"):
        Role.objects.filter(slug=slug).delete()


def test_a_held_role_stays(ada):
    mine = services.copy(role("designer"), "Modeller")
    services.give(ada, mine, None)
    with pytest.raises(ProtectedError):
        mine.delete()


def test_a_copy_holds_what_its_source_holds():
    copied = services.copy(role("administrator"), "Second Administrator")
    assert (copied.slug, copied.is_administrative) == ("second-administrator", True)
    assert not copied.grants_everything
    held = services.permissions(role("administrator"))
    assert copied.permissions.count() == held.count() > 50


def test_names_are_unique_whatever_the_case():
    with pytest.raises(ValidationError, match="Another role has that name"):
        services.copy(role("designer"), "DESIGNER")


def test_slugs_of_copies_do_not_collide():
    names = ["Röle!", "Role", "***"]
    assert [services.copy(role("end-user"), n).slug for n in names] == ["role", "role-2", "role-3"]


@pytest.mark.parametrize("rank", [99, 401])
def test_no_role_ranks_outside_the_fixed_ones(rank):
    with pytest.raises(IntegrityError), transaction.atomic():
        Role.objects.create(slug="x", name="X", rank=rank)


def test_without_any_there_is_none(ada, ops):
    assert services.effective_role(ada) is None


def test_the_highest_is_in_effect_and_tells_its_origin(ada, ops):
    services.give(ada, role("business-user"), None)
    found = services.effective_role(ada)
    assert (found.role.name, found.profile.role_origin) == ("Business User", Origin.PERSON)
    services.give_group(ops, role("designer"), None)
    found = services.effective_role(ada)
    assert (found.role.name, found.group_role.group) == ("Designer", ops)
    services.give_group(ops, role("end-user"), None)
    assert services.effective_role(ada).role.name == "Business User"


def test_a_role_is_taken_away(ada):
    services.give(ada, role("designer"), None)
    services.give(ada, None, None)
    assert services.effective_role(ada) is None


def test_a_group_makes_administrators_only_where_a_person_allowed_it(ada, ops, caplog):
    with pytest.raises(ValidationError, match="makes administrators"):
        services.give_group(ops, role("administrator"), ada)
    assert not GroupRole.objects.exists()
    services.give_group(ops, role("administrator"), ada, administrator_allowed=True)
    assert services.effective_role(ada).role.name == "Administrator"
    assert "allowed that group 'Ops' makes administrators" in caplog.text
    GroupRole.objects.update(administrator_allowed=False)
    assert services.effective_role(ada) is None


def test_the_effective_role_costs_two_statements(ada, ops, django_assert_num_queries):
    services.give_group(ops, role("designer"), None)
    with django_assert_num_queries(2):
        services.effective_role(ada)
