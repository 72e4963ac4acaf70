"""The sign-in page and the security page, as people meet them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from tests.browser.axe import assert_accessible
from tests.browser.screens import assert_fits, narrow, without_script

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"


@pytest.fixture
def person(transactional_db):
    return get_user_model().objects.create_user("ada@example.com", password=PASSWORD)


@without_script
def test_a_token_is_made_and_revoked_without_script(page, sign_in, person):
    sign_in(person)
    page.goto("/")
    page.get_by_role("link", name="Security").click()
    page.get_by_label("What is it for?").fill("Backup")
    page.get_by_label("Last day").fill(str(timezone.localdate() + timedelta(days=30)))
    page.get_by_role("button", name="Make a token").click()
    assert "kvp_" in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Revoke").click()
    assert "You have no token" in page.get_by_role("main").inner_text()


def test_the_security_page_is_accessible(page, sign_in, person):
    sign_in(person)
    page.goto("/accounts/security/")
    page.get_by_label("What is it for?").fill("Backup")
    page.get_by_role("button", name="Make a token").click()
    assert_accessible(page)


@narrow
def test_the_security_page_fits_a_narrow_screen(page, sign_in, person):
    sign_in(person)
    page.goto("/accounts/security/")
    assert_fits(page)
