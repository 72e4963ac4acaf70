"""The brake's page in a real browser: by keyboard, without script, narrow, and accessible."""

from __future__ import annotations

import pytest
from django.urls import reverse

from scim_provisioning.models import ScimUser
from tests.browser.axe import assert_accessible
from tests.browser.screens import NARROW, assert_fits, without_script
from tests.flows.test_brake import disable, limits, people
from tests.scim_fixtures import make_client

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["limits"]


@pytest.fixture
def brake_page(boss, limits):
    scim = make_client("idp")
    for one in people(scim, 5):
        disable(scim, one)
    boss.goto(reverse("admin:scim_provisioning_connection_brake", args=[scim.connection.pk]))
    return boss


@without_script
def test_people_get_their_access_back_and_it_goes_on_by_keyboard_without_script(brake_page):
    page = brake_page
    page.get_by_role("button", name="Enable them again").press("Enter")
    page.get_by_role("button", name="Yes, enable them").press("Enter")
    assert "3 people are enabled again." in page.locator(".messagelist").inner_text()
    assert not ScimUser.objects.filter(active=False).exists()
    page.get_by_label("How many more people").fill("4")
    page.get_by_role("button", name="Let it go on").press("Enter")
    assert "4 more people may lose access" in page.locator("#content").inner_text()
    page.get_by_role("button", name="Yes, let it go on").press("Enter")
    assert "The connection goes on." in page.locator("#content").inner_text()


def test_its_pages_are_accessible_and_fit_a_narrow_screen(brake_page):
    page = brake_page
    assert_accessible(page)
    page.set_viewport_size({"width": NARROW, "height": 700})
    assert_fits(page)
    page.get_by_role("button", name="Let it go on").click()
    assert_accessible(page)
