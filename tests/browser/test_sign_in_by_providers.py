"""People sign in with real identity providers, in a real browser."""

from __future__ import annotations

import pytest

from kyvos_portal.signin.models import SignInEvent
from scim_provisioning.models import SignInClass
from tests.browser.axe import assert_accessible
from tests.browser.screens import without_script
from tests.signin.conftest import application, oidc_peer, provider, saml_peer
from tests.signin.fixtures import provisioned

__all__ = ["application", "oidc_peer", "provider", "saml_peer"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _local_issuers(settings, tmp_path_factory):
    settings.SAML_KEY_FILE = str(tmp_path_factory.getbasetemp() / "saml.pem")
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "ALLOW_LOCAL_ISSUERS": True}


def by_oidc(page, name):
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Sign in with Peer").click()
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", "any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def by_saml(page, name, live_server, peer):
    peer.trust(live_server.url)
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Sign in with Peer").click()
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", f"{name}-pw")
    page.get_by_role("button", name="Login").click()


def main(page):
    return page.get_by_role("main").inner_text()


def test_by_openid_connect_in_and_out(page, scim, application):
    provisioned(scim, "ada", SignInClass.OAUTH)
    by_oidc(page, "ada")
    page.get_by_role("heading", name="Hello, ada").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    page.get_by_role("link", name="Sign in with Peer").wait_for()
    page.goto("/")
    assert "/accounts/login/" in page.url


def test_by_saml_in_and_out(page, scim, provider, live_server, saml_peer):
    provisioned(scim, "ada")
    by_saml(page, "ada", live_server, saml_peer)
    page.get_by_role("heading", name="Hello, ada").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in with Peer").wait_for()
    assert page.url.startswith(live_server.url)
    page.get_by_role("link", name="Sign in with Peer").click()
    # There, too, the person has to sign in again.
    page.wait_for_selector("input[name=password]")


def test_who_was_provisioned_by_oauth_is_refused_by_saml(
    page, scim, provider, live_server, saml_peer
):
    provisioned(scim, "ada", SignInClass.OAUTH)
    by_saml(page, "ada", live_server, saml_peer)
    page.get_by_role("heading", name="You were not signed in").wait_for()
    assert "sign in by OpenID Connect, not by SAML" in main(page)
    assert SignInEvent.objects.get().reason == "class"
    assert_accessible(page)


@pytest.mark.parametrize("way", ["oidc", "saml"])
def test_unknown_people_are_refused_by_both(page, request, live_server, way):
    if way == "oidc":
        request.getfixturevalue("application")
        by_oidc(page, "ghost")
    else:
        request.getfixturevalue("provider")
        by_saml(page, "ghost", live_server, request.getfixturevalue("saml_peer"))
    page.get_by_role("heading", name="You were not signed in").wait_for()
    assert SignInEvent.objects.get().reason == "unknown"


def test_whoever_is_disabled_is_out_at_the_next_click(page, scim, application):
    user = provisioned(scim, "ada")
    by_oidc(page, "ada")
    page.get_by_role("link", name="Security").click()
    for active in (False, True):
        change = {"op": "replace", "path": "active", "value": active}
        assert scim.patch(f"/Users/{user.scim.pk}", change).status == 200
    page.get_by_role("link", name="Portal").click()
    assert "/accounts/login/" in page.url


@without_script
def test_the_ways_in_need_no_script(page, scim, application):
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Sign in with Peer").click()
    page.wait_for_selector("input[name=login]")


def test_the_sign_in_page_is_accessible(page, application, provider, settings):
    for everyone in (True, False):
        settings.PASSWORD_SIGN_IN = everyone
        page.goto("/accounts/login/")
        assert_accessible(page)
