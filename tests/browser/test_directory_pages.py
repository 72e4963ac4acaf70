"""SCIM's own rows of users and groups in a real browser: accessible, narrow, and still saved."""

from __future__ import annotations

import pytest

from scim_provisioning.models import Connection, ScimUser
from tests.browser.axe import assert_accessible
from tests.browser.screens import assert_fits, narrow

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = "/admin/scim_provisioning/"


@pytest.fixture
def ada(scim):
    mails = [{"value": "ada-with-a-long-name@example.com", "type": "work", "primary": True}]
    return scim.user("ada@example.com", externalId="00u1", emails=mails)["id"]


@narrow
def test_a_users_and_a_groups_page_are_accessible_and_fit(boss, scim, ada):
    group = scim.group("Ops", [ada])["id"]
    for page in (f"scimuser/{ada}/change/", f"scimgroup/{group}/change/"):
        boss.goto(PAGES + page)
        assert_accessible(boss)
        assert_fits(boss)


def test_values_are_read_and_the_owner_is_changed(boss, ada):
    Connection.objects.update(name="Headquarters")
    boss.goto(f"{PAGES}scimuser/{ada}/change/")
    assert "work" in boss.get_by_role("row", name="ada-with-a-long-name@example.com").inner_text()
    assert boss.get_by_role("row", name="Headquarters 00u1").count() == 1
    boss.get_by_label("Owner").select_option(label="---------")
    boss.get_by_role("button", name="Save", exact=True).click()
    boss.locator(".messagelist").wait_for()
    assert ScimUser.objects.get(pk=ada).connection is None


def test_a_page_that_asks_before_deleting_is_accessible(boss, scim):
    token = scim.connection.acting_user.personal_access_tokens.get()
    boss.goto(f"{PAGES}personalaccesstoken/{token.pk}/delete/")
    assert_accessible(boss)


def test_a_search_that_cannot_be_made_is_told_accessibly(boss, ada):
    boss.goto(f"{PAGES}scimuser/?q=ada%00")
    boss.get_by_text("Null characters are not allowed.").wait_for()
    assert_accessible(boss)
