"""The person's home: role, groups, preferences and default entities, at a constant cost."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from onboarding.models import DefaultEntity, Role
from onboarding.services import give, give_group

pytestmark = pytest.mark.django_db


class Folders:
    """What a site knows of folders."""

    def problem(self, name):
        return None

    def url(self, name):
        return f"/folders/{name}" if name == "Sales" else None


@pytest.fixture
def ada(client):
    user = get_user_model().objects.create_user("ada@example.com", first_name="Ada")
    client.force_login(user)
    return user


def shown(client):
    """Return the page as its words."""
    text = re.sub(r"<[^>]+>", " ", client.get("/").content.decode())
    return re.sub(r"\s+", " ", text)


def test_a_person_of_whom_nothing_is_known_is_told_so(client, ada):
    page = shown(client)
    assert "Hello, Ada" in page
    for empty in ("laid out for you yet", "no role yet", "no group yet", "None are known"):
        assert empty in page


def test_the_role_in_effect_and_its_origin_are_shown(client, ada):
    give(ada, Role.objects.get(slug="end-user"), None)
    assert "End User , given by an administrator" in shown(client)
    group = Group.objects.create(name="Designers")
    ada.groups.add(group)
    give_group(group, Role.objects.get(slug="designer"), None)
    page = shown(client)
    assert "Designer , given by the group Designers" in page
    assert "End User" not in page


def test_default_entities_lead_where_the_site_knows_a_way(client, ada):
    for kind, name in [
        ("folder", "Sales"),
        ("dashboard", "Q1"),
        ("folder", "Other"),
        ("report", "R"),
    ]:
        DefaultEntity.objects.create(user=ada, kind=kind, name=name)
    kinds = {"folder": f"{__name__}.Folders", "report": None}
    with override_settings(ONBOARDING={"ENTITY_KINDS": kinds}):
        page = client.get("/").content.decode()
    assert '<a href="/folders/Sales">Sales</a>' in page
    assert "<li>Other</li>" in page
    assert re.findall("<h3>(.*?)</h3>", page) == ["Folders", "Dashboards", "report"]


def test_preferences_are_shown_as_far_as_they_are_known(client, ada):
    profile = give(ada, None, None)
    profile.timezone = "Europe/Berlin"
    profile.save()
    page = shown(client)
    assert "Time zone Europe/Berlin" in page
    assert "Locale" not in page


def test_many_groups_are_cut(client, ada):
    ada.groups.set(Group.objects.create(name=f"G{i:03}") for i in range(101))
    page = shown(client)
    assert "G099" in page
    assert "G100" not in page
    assert "and more" in page


@pytest.mark.parametrize("count", [1, 50])
def test_home_costs_the_same_for_1_row_and_50(client, ada, count):
    give(ada, Role.objects.get(slug="end-user"), None)
    for i in range(count):
        group = Group.objects.create(name=f"G{i}")
        ada.groups.add(group)
        give_group(group, Role.objects.get(slug="designer"), None)
        DefaultEntity.objects.create(user=ada, kind="folder", name=f"F{i}")
    client.get("/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/").status_code == 200
    # Session and user; then profile, roles of groups, entities, mail and groups.
    assert len(queries) <= 7
