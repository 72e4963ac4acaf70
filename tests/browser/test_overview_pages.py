"""The overview and decisions in a real browser: empty and full, narrow, accessible."""

from __future__ import annotations

import pytest

from scim_provisioning.models import Finding, FindingKind, ProvisioningEvent, ScimUser
from tests.browser.axe import assert_accessible
from tests.browser.screens import assert_fits, narrow
from tests.scim_fixtures import make_client

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/admin/scim_provisioning/overview/"


@pytest.fixture
def busy(scim):
    user = ScimUser.objects.get(
        pk=scim.user("a-long-name-that-has-nowhere-to-break@example.com")["id"]
    )
    other = make_client("other").connection
    Finding.objects.create(kind=FindingKind.FOREIGN, connection=other, user=user, count=3)
    ProvisioningEvent.objects.bulk_create(
        ProvisioningEvent(
            connection=other,
            status=status,
            method="POST",
            path="/rest/scim/v2/Users",
            detail="x" * 300,
        )
        for status in [201] * 20 + [409] * 12
    )


def test_the_actions_menu_leads_to_it_and_it_to_the_decision(boss, busy):
    boss.goto("/admin/")
    boss.locator("summary", has_text="Actions").click()
    boss.get_by_role("link", name="Overview of provisioning").click()
    boss.get_by_text("The numbers as a table").click()
    assert_accessible(boss)
    boss.get_by_role("link", name="Decide").click()
    assert_accessible(boss)
    boss.get_by_role("button", name="Put away").press("Enter")
    boss.get_by_text("1 findings resolved").wait_for()


def test_an_empty_one_is_accessible(boss):
    boss.goto(URL)
    assert_accessible(boss)


@narrow
def test_it_fits_a_narrow_screen(boss, busy):
    boss.goto(URL)
    assert_fits(boss)
    boss.get_by_role("link", name="Decide").click()
    boss.wait_for_load_state()
    assert_fits(boss)
