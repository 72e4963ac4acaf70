"""Credentials in a real browser: by keyboard, without script, and accessible."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.browser.axe import assert_accessible
from tests.browser.screens import assert_fits, narrow, without_script
from tests.scim_fixtures import make_client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def credentials_page(boss):
    connection = make_client("idp").connection
    boss.goto(reverse("admin:scim_provisioning_connection_credentials", args=[connection.pk]))
    return boss


@without_script
def test_a_secret_is_made_and_revoked_by_keyboard_without_script(credentials_page):
    page = credentials_page
    page.get_by_role("link", name="New client secret").press("Enter")
    page.get_by_role("button", name="Make it").press("Enter")
    assert "kvs_" in page.get_by_role("row", name="Client secret").inner_text()
    page.get_by_role("link", name="I have copied it").press("Enter")
    page.get_by_role("link", name="Revoke client:").press("Enter")
    page.get_by_role("button", name="Yes, end it").press("Enter")
    assert "has ended" in page.locator(".messagelist").inner_text()
    assert "kvs_" in page.get_by_role("row", name="revoked").inner_text()


def test_its_pages_are_accessible(credentials_page):
    page = credentials_page
    assert_accessible(page)
    page.get_by_role("link", name="New token").click()
    assert_accessible(page)
    page.get_by_role("button", name="Make it").click()
    assert_accessible(page)
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("link", name="Revoke").first.click()
    assert_accessible(page)


@narrow
def test_the_list_fits_a_narrow_screen(credentials_page):
    assert_fits(credentials_page)
