"""Provisioning events in a real browser: found, paged and read by keyboard, narrow, accessible."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from scim_provisioning.models import ProvisioningEvent
from tests.browser.axe import assert_accessible
from tests.browser.screens import assert_fits, narrow

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/admin/scim_provisioning/provisioningevent/"


@pytest.fixture
def ledger(scim):
    name = "a-long-name-that-has-nowhere-to-break@example.com"
    ProvisioningEvent.objects.bulk_create(
        ProvisioningEvent(
            time=timezone.now() - timedelta(minutes=number),
            connection=scim.connection,
            status=409 if number % 5 == 0 else 200,
            scim_type="uniqueness" if number % 5 == 0 else "",
            detail="x" * 300 if number % 5 == 0 else "",
            method="PATCH",
            path="/rest/scim/v2/Users",
            resource_type="User",
            resource_name=name,
            resource_key=name,
            changes={"title": [None, "Lead"], "emails": [["a@example.com"] * 2, []]},
        )
        for number in range(120)
    )
    return name


def test_events_are_found_paged_and_read_by_keyboard(boss, ledger):
    boss.goto(URL)
    assert_accessible(boss)
    boss.get_by_role("link", name="Older").press("Enter")
    boss.get_by_role("link", name="Newer").wait_for()
    assert_accessible(boss)
    boss.get_by_label("userName or id").fill(ledger)
    boss.get_by_label("userName or id").press("Enter")
    boss.get_by_role("link", name="Older").wait_for()
    boss.locator("#result_list th a").first.press("Enter")
    boss.get_by_role("columnheader", name="Before").wait_for()
    assert_accessible(boss)


def test_empty_and_not_understood_are_accessible(boss):
    boss.goto(URL)
    boss.get_by_text("Nothing has happened yet").wait_for()
    assert_accessible(boss)
    boss.goto(f"{URL}?from_day=never")
    boss.get_by_text("Enter a valid date").wait_for()
    assert_accessible(boss)


def test_an_export_is_a_file(boss, ledger):
    boss.goto(f"{URL}?outcome=refused")
    with boss.expect_download() as download:
        boss.get_by_role("link", name="Export as CSV").press("Enter")
    assert download.value.suggested_filename == "provisioning-events.csv"
    assert len(download.value.path().read_text().splitlines()) == 25


@narrow
def test_it_fits_a_narrow_screen(boss, ledger):
    boss.goto(URL)
    assert_fits(boss)
    boss.locator("#result_list th a").first.click()
    boss.get_by_role("columnheader", name="Before").wait_for()
    assert_fits(boss)
