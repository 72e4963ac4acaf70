"""First Login Actions in a browser: as a dialog, as a page, with script and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from onboarding.models import OnboardingRevision, Role
from onboarding.services import publish
from tests.browser.axe import assert_accessible
from tests.browser.screens import assert_fits, narrow, without_script
from tests.onboarding.bad_documents import GOOD

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = "/admin/onboarding/onboardingconfiguration/"
BAD = '{\n  "roleNam": "End User",\n  "sendWelcomeMailToUser": "😀 no"\n}'
SELECTED = "document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)"


@pytest.fixture(autouse=True)
def signed_in(sign_in, admin_user):
    sign_in(admin_user)


def open_menu(page):
    page.goto("/admin/")
    page.locator("summary", has_text="Actions").click()
    page.get_by_role("link", name="User Onboarding Configurations").first.click()


def save(place, text):
    place.get_by_label("First Login Actions").fill(text)
    place.get_by_role("button", name="Save").click()


def test_the_dialog_tells_all_problems_and_jumps_to_them(page):
    open_menu(page)
    dialog = page.get_by_role("dialog", name="First Login Actions")
    expect(dialog.get_by_label("First Login Actions")).to_be_focused()
    save(dialog, BAD)
    links = dialog.get_by_role("link", name="Line")
    expect(links).to_have_count(3)
    expect(links.first).to_be_focused()
    assert_accessible(page)
    links.last.click()
    assert page.evaluate(SELECTED) == '"😀 no"'


def test_the_dialog_saves_and_the_page_below_says_so(page):
    open_menu(page)
    dialog = page.get_by_role("dialog")
    save(dialog, GOOD)
    expect(page.get_by_text("The configuration was saved.")).to_be_visible()
    expect(dialog).not_to_be_visible()
    assert OnboardingRevision.objects.get().text == GOOD


def test_the_dialog_lays_out_and_previews(page):
    open_menu(page)
    dialog = page.get_by_role("dialog")
    box = dialog.get_by_label("First Login Actions")
    box.fill('{"roleName":"Designer"}')
    dialog.get_by_role("button", name="Format").click()
    expect(box).to_have_value('{\n  "roleName": "Designer"\n}\n')
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog.get_by_text("The role is Designer.")).to_be_visible()
    expect(dialog.get_by_role("status")).to_be_focused()
    assert not OnboardingRevision.objects.exists()


def test_the_dialog_is_left_by_the_keyboard_and_keeps_what_was_typed(page):
    open_menu(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("First Login Actions").fill("typed")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    menu = page.locator("summary", has_text="Actions")
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("First Login Actions")).to_have_value("typed")


@without_script
def test_without_script_the_menu_opens_a_page(page):
    open_menu(page)
    save(page, BAD)
    expect(page.get_by_role("link", name="Line 3, column 28")).to_be_visible()
    page.get_by_role("link", name="Line 3, column 28").click()
    assert page.url.endswith("#id_text")
    page.get_by_label("First Login Actions").fill('{"roleName":"End User"}')
    page.get_by_role("button", name="Format").click()
    expect(page.get_by_label("First Login Actions")).to_have_value(
        '{\n  "roleName": "End User"\n}\n'
    )
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("The role is End User.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The configuration was saved.")).to_be_visible()


@without_script
def test_without_script_a_text_is_rolled_back(page, admin_user):
    first = publish(GOOD, admin_user)
    publish('{"roleName": "Designer"}', admin_user)
    page.goto(f"{PAGES}{first.configuration_id}/history/")
    page.get_by_role("link", name="Roll back to").click()
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("is in force again.")).to_be_visible()
    assert OnboardingRevision.objects.first().text == GOOD


@pytest.mark.parametrize(
    "path", ["", "add/", "{}/change/", "{}/history/", "{}/rollback/{}/", "preview/"]
)
def test_pages_are_accessible(page, admin_user, path):
    revision = publish(GOOD, admin_user)
    publish('{"roleName": "Designer"}', admin_user)
    path = path.replace("{}", str(revision.configuration_id), 1).format(revision.pk)
    page.goto((PAGES + path).replace("add/", "add/?source=x"))
    assert_accessible(page)


@narrow
@pytest.mark.parametrize("path", ["add/", "preview/"])
def test_pages_fit_a_narrow_screen(page, path):
    page.goto(PAGES + path)
    assert_fits(page)


@pytest.mark.parametrize(
    "path",
    [
        "role/",
        "role/{}/change/",
        "role/{}/copy/",
        "grouprole/add/",
        "userprofile/",
        "userprofile/add/",
    ],
)
def test_pages_of_roles_are_accessible(page, path):
    page.goto("/admin/onboarding/" + path.format(Role.objects.get(slug="designer").pk))
    assert_accessible(page)
