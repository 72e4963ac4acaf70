"""OIDC applications in a real browser: without script, and accessible."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.browser.axe import assert_accessible
from tests.browser.screens import without_script

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def boss(boss, issuer):
    boss.goto(reverse("admin:scim_provisioning_oidcapplication_changelist"))
    return boss


@without_script
def test_a_token_is_explained_without_script(boss, issuer):
    boss.get_by_role("link", name="Explain a token").press("Enter")
    boss.get_by_label("Token").fill(issuer.token(aud="api://other"))
    boss.get_by_role("button", name="Explain a token").press("Enter")
    assert "failed" in boss.get_by_role("row", name="Audience").inner_text()
    assert "passed" in boss.get_by_role("row", name="Signature").inner_text()
    assert boss.get_by_label("Token").input_value() == ""


def test_the_tools_are_accessible(boss, issuer):
    keys = [issuer.application.pk]
    boss.goto(reverse("admin:scim_provisioning_oidcapplication_change", args=keys))
    boss.get_by_role("link", name="Test connection").click()
    assert_accessible(boss)
    boss.get_by_role("button", name="Test connection").click()
    assert_accessible(boss)
    boss.get_by_role("link", name="OIDC applications").first.click()
    boss.get_by_role("link", name="Explain a token").click()
    boss.get_by_label("Token").fill("junk")
    boss.get_by_role("button", name="Explain a token").click()
    assert_accessible(boss)
