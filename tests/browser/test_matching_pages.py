"""The import preview in a real browser: by keyboard without script, narrow, accessible."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from scim_provisioning.models import Candidate
from tests.browser.axe import assert_accessible
from tests.browser.screens import NARROW, assert_fits, without_script

pytestmark = pytest.mark.django_db(transaction=True)
EXPORT = """login,email
ada@example.com,ada@example.com
boss@example.com,
carol.with-a-name-that-goes-on-and-on-without-a-place-to-break@corp.example.com,info@example.com
new@example.com,
,nobody@example.com
"""


@pytest.fixture
def preview(boss, scim):
    """The page, and accounts of each kind."""
    model = get_user_model()
    for name, fields in {
        "ada@example.com": {},
        "boss@example.com": {"is_staff": True},
        "dan@example.com": {"email": "info@example.com"},
        "eve@example.com": {"email": "info@example.com"},
    }.items():
        model._default_manager.create(**{model.USERNAME_FIELD: name, **fields})
    boss.goto(reverse("admin:scim_provisioning_connection_matching", args=[scim.connection.pk]))
    return boss


def upload(page):
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": EXPORT.encode()}
    page.get_by_label("Export, as CSV").set_input_files(file)
    page.get_by_role("button", name="Compare", exact=True).press("Enter")


@without_script
def test_people_are_compared_decided_and_chosen_by_keyboard_without_script(preview):
    page = preview
    upload(page)
    assert "5 people were read" in page.locator(".messagelist").inner_text()
    page.get_by_role("link", name="Same user name").press("Enter")
    page.get_by_label("Select ada@example.com").press("Space")
    page.get_by_role("button", name="Link…").press("Enter")
    assert "Link 1 person" in page.locator("#content").inner_text()
    page.get_by_role("button", name="Yes, link").press("Enter")
    assert "Decided about 1 person" in page.locator(".messagelist").inner_text()
    page.get_by_role("link", name="Show all").press("Enter")
    page.get_by_role("link", name="Choose…").press("Enter")
    page.get_by_label("Link dan@example.com").press("Space")
    page.get_by_role("button", name="Decide").press("Enter")
    assert "Link: dan@example.com" in page.locator("#content").inner_text()
    assert Candidate.objects.filter(decision="link").count() == 2


def test_its_pages_are_accessible_and_fit_a_narrow_screen(preview):
    page = preview
    page.set_viewport_size({"width": NARROW, "height": 700})
    assert_accessible(page)
    assert_fits(page)
    upload(page)
    assert_accessible(page)
    assert_fits(page)
    page.get_by_label("all of the preview").check()
    page.get_by_role("button", name="Link…").click()
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Yes, link").click()
    page.get_by_role("link", name="Choose…").click()
    assert_accessible(page)
    assert_fits(page)
