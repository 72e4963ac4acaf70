"""A user's and a group's page in a real browser: kept, unlocked, accessible, narrow."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model

from scim_provisioning.models import ScimGroup
from tests.browser.axe import assert_accessible
from tests.browser.screens import assert_fits, narrow

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(scim):
    key = scim.user("ada-with-a-long-name@example.com", externalId="00u1")["id"]
    scim.group("Ops", [key])
    scim.patch(f"/Users/{key}", {"op": "replace", "path": "title", "value": "Lead"})
    scim.patch(f"/Users/{key}", {"op": "replace", "path": "active", "value": False})
    return get_user_model().objects.get(scim=key)


def test_what_happened_is_seen_and_what_is_kept_is_unlocked(boss, ada):
    boss.goto(f"/admin/kyvos_portal/user/{ada.pk}/change/")
    assert_accessible(boss)
    boss.get_by_role("link", name="Change it this once, with a reason").press("Enter")
    boss.get_by_label("First name:").fill("Ada")
    boss.get_by_label("Reason:").fill("Wrong at the source")
    assert_accessible(boss)
    boss.get_by_role("button", name="Save and continue editing").press("Enter")
    boss.get_by_role("link", name="Change it this once, with a reason").wait_for()
    ada.refresh_from_db()
    assert ada.first_name == "Ada"
    assert "Wrong at the source" in LogEntry.objects.get().change_message
    boss.get_by_role("link", name="All events").press("Enter")
    boss.get_by_text("Accepted (201)").first.wait_for()


def test_a_group_is_accessible(boss, ada):
    group = ScimGroup.objects.get()
    boss.goto(f"/admin/auth/group/{group.group_id}/change/")
    assert_accessible(boss)


@narrow
def test_the_page_fits_a_narrow_screen(boss, ada):
    boss.goto(f"/admin/kyvos_portal/user/{ada.pk}/change/")
    assert_fits(boss)
