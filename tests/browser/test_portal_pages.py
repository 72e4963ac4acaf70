"""The portal's own pages, as people meet them."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from tests.browser.axe import assert_accessible
from tests.browser.screens import assert_fits, narrow, without_script

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"


@pytest.fixture
def person(transactional_db):
    return get_user_model().objects.create_user("ada@example.com", password=PASSWORD)


def fill_in(page, password=PASSWORD):
    page.goto("/accounts/login/?next=/?again")
    page.get_by_label("Username").fill("ada@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@without_script
def test_signing_in_and_out_needs_no_script(page, person):
    fill_in(page)
    assert page.url.endswith("/?again")
    page.get_by_role("button", name="Sign out").click()
    assert page.url.endswith("/accounts/login/")


def test_a_wrong_password_is_told_accessibly(page, person):
    fill_in(page, "wrong")
    assert "That did not work" in page.get_by_role("main").inner_text()
    assert_accessible(page)


@pytest.mark.parametrize("path", ["/accounts/login/", "/nowhere"])
def test_pages_for_everybody_are_accessible(page, path):
    page.goto(path)
    assert_accessible(page)


def test_home_is_accessible(page, sign_in, person):
    sign_in(person)
    page.goto("/")
    assert_accessible(page)


@narrow
@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_pages_fit_a_narrow_screen(page, sign_in, person, path):
    sign_in(person)
    page.goto(path)
    assert_fits(page)


@pytest.mark.parametrize(
    "path", ["", "kyvos_portal/user/", "kyvos_portal/user/{}/change/", "auth/group/add/"]
)
def test_the_admin_works_under_the_policy_and_is_accessible(page, sign_in, admin_user, path):
    sign_in(admin_user)
    page.goto("/admin/" + path.format(admin_user.pk))
    assert_accessible(page)
