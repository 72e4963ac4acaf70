"""The recording in a real browser: switched by keyboard without script, narrow, accessible."""

from __future__ import annotations

import pytest
from django.urls import reverse

from scim_provisioning.models import Exchange
from tests.browser.axe import assert_accessible
from tests.browser.screens import NARROW, assert_fits, without_script

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def recording(boss, scim):
    boss.goto(reverse("admin:scim_provisioning_connection_recording", args=[scim.connection.pk]))
    return boss


@without_script
def test_it_is_switched_on_read_and_removed_by_keyboard_without_script(recording, scim):
    page = recording
    page.get_by_label("Record for").select_option("4")
    page.get_by_role("button", name="Record from now on").press("Enter")
    assert "recorded from now on" in page.locator(".messagelist").inner_text()
    scim.user("ada@example.com", title="Lead")
    page.reload()
    page.locator("td a", has_text="1").press("Enter")
    page.get_by_role("row").nth(1).get_by_role("link").first.press("Enter")
    assert '"title": "Lead"' in page.locator("#content").inner_text()
    page.get_by_role("link", name=str(Exchange.objects.get().request_id)).press("Enter")
    page.get_by_role("row").nth(1).get_by_role("link").first.press("Enter")
    page.get_by_role("link", name="Request and answer, whole").press("Enter")
    assert "Authorization: Bearer [hidden]" in page.locator("#content").inner_text()
    page.goto(reverse("admin:scim_provisioning_connection_recording", args=[scim.connection.pk]))
    page.get_by_role("button", name="Stop recording").press("Enter")
    page.get_by_role("button", name="Remove what was recorded").press("Enter")
    page.get_by_role("button", name="Yes, remove them").press("Enter")
    assert "1 exchange is removed." in page.locator(".messagelist").inner_text()


def test_its_pages_are_accessible_and_fit_a_narrow_screen(recording, scim):
    page = recording
    page.get_by_role("button", name="Record from now on").click()
    scim.user(
        "a-long-name-that-has-nowhere-to-break-and-goes-on-for-long@example.com", title="x" * 200
    )
    page.reload()
    page.set_viewport_size({"width": NARROW, "height": 700})
    exchange = reverse("admin:scim_provisioning_exchange_change", args=[Exchange.objects.get().pk])
    for address in (page.url, exchange, reverse("admin:scim_provisioning_exchange_changelist")):
        page.goto(address)
        assert_accessible(page)
        if "/exchange/" not in address or address == exchange:
            assert_fits(page)
