"""A person who follows only the screens connects an identity provider."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from requests.auth import HTTPBasicAuth

from scim_provisioning.guides import GUIDES
from tests.browser.axe import assert_accessible
from tests.browser.screens import assert_fits, narrow, without_script
from tests.idp.wire.run import load_cases, run_case

pytestmark = pytest.mark.django_db(transaction=True)
WIRE = Path(__file__).parents[1] / "idp" / "wire"
TITLES = {guide.slug: str(guide.title) for guide in GUIDES}


@pytest.fixture
def boss(boss, context, live_server):
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    boss.goto("/admin/")
    return boss


def connect(page, way):
    """From the first page to the steps of a way, by what the pages offer."""
    page.get_by_role("link", name="Connections", exact=True).first.click()
    page.get_by_role("link", name="Add connection").last.click()
    page.get_by_label("Name").fill("Headquarters")
    page.get_by_label("Identity provider").select_option(label=TITLES[way])
    page.get_by_role("button", name="Save", exact=True).click()


def copied(page, label):
    """Press *Copy* beside a field of the identity provider's, and return the clipboard."""
    page.get_by_role("button", name=f"Copy {label}", exact=True).click()
    page.get_by_text(f"Copied: {label}").wait_for()
    return page.evaluate("navigator.clipboard.readText()")


def read(page, label):
    """Return a value as it can be selected."""
    return page.locator(".values div").filter(has_text=label).locator("code").inner_text()


def token(page, endpoint, client, secret):
    """Fetch a token as the identity provider does."""
    form = {"grant_type": "client_credentials", "scope": copied(page, endpoint[1])}
    pair = HTTPBasicAuth(copied(page, client), copied(page, secret))
    answer = requests.post(copied(page, endpoint[0]), data=form, auth=pair, timeout=10)
    return f"Bearer {answer.json()['access_token']}"


def credentials_of(page, way):
    """Return the base URL and the header that the identity provider makes of what is pasted."""
    match way:
        case "okta-basic":
            pair = HTTPBasicAuth(copied(page, "Username"), copied(page, "Password"))
            header = pair(requests.Request("GET", "http://x").prepare()).headers["Authorization"]
        case "okta-oauth":
            fields = ("Token endpoint", "Scopes"), "Client ID", "Client Secret"
            header = token(page, *fields)
        case "entra-oauth":
            fields = ("Token Endpoint", "Scope, where it is asked for"), "Client Identifier"
            header = token(page, *fields, "Client Secret")
        case _:
            names = {
                "entra-bearer": "Secret token",
                "generic": "Bearer token, API token; the password of HTTP Basic",
            }
            header = f"Bearer {copied(page, names.get(way, 'Authorization'))}"
    urls = {"okta": "SCIM connector base URL", "entra": "Tenant URL"}
    return copied(page, urls.get(way.split("-")[0], "Base URL, tenant URL")), header


def push(base, header, name, only=None):
    """Replay what the identity provider sends, over HTTP; return what was not as it needs."""

    def send(method, path, headers, body):
        headers = {"Authorization": header, **headers}
        answer = requests.request(method, base + path, headers=headers, json=body, timeout=10)
        return answer.status_code, answer.headers, answer.json() if answer.content else None

    cases = load_cases(WIRE / f"{name}.json")
    return [error for case in cases[:only] for error in run_case(case, send)]


@pytest.mark.parametrize(
    ("way", "wire", "only"),
    [
        ("okta-basic", "okta", None),
        ("okta-bearer", "okta", 3),
        ("okta-oauth", "okta", 3),
        ("okta-saml", "okta", 3),
        ("entra-oauth", "entra", None),
        ("entra-bearer", "entra", 3),
        ("generic", "common", 3),
    ],
)
def test_what_the_page_gives_is_all_that_the_identity_provider_needs(boss, way, wire, only):
    connect(boss, way)
    assert push(*credentials_of(boss, way), wire, only) == []
    if way == "okta-basic":
        # By itself, within seconds.
        boss.get_by_text("First user created:").wait_for()


@without_script
def test_without_script_the_values_can_be_selected_and_a_link_looks_again(boss):
    connect(boss, "okta-bearer")
    base, secret = read(boss, "SCIM connector base URL"), read(boss, "Authorization")
    assert push(base, f"Bearer {secret}", "okta", 3) == []
    assert not boss.get_by_role("button", name="Copy").count()
    with boss.context.expect_page() as looked:
        boss.get_by_role("link", name="Look again").click()
    assert "First user created:" in looked.value.locator("#content").inner_text()


@without_script
def test_the_test_runs_by_keyboard(boss):
    connect(boss, "entra-oauth")
    boss.goto(boss.get_by_role("link", name="Test").first.get_attribute("href"))
    boss.get_by_role("button", name="Test").press("Enter")
    boss.get_by_text("It would be accepted").wait_for()


def test_the_pages_are_accessible(boss):
    connect(boss, "entra-oauth")
    assert_accessible(boss)
    boss.get_by_role("link", name="Other ways").click()
    assert_accessible(boss)
    boss.get_by_role("link", name=TITLES["okta-saml"]).click()
    assert_accessible(boss)
    boss.get_by_role("link", name="Test").first.click()
    boss.get_by_role("button", name="Test").click()
    assert_accessible(boss)
    boss.get_by_role("link", name="Connections", exact=True).first.click()
    assert_accessible(boss)


@narrow
def test_the_pages_fit_a_narrow_screen(boss):
    boss.goto("/admin/scim_provisioning/connection/add/")
    boss.get_by_label("Name").fill("Headquarters")
    boss.get_by_label("Identity provider").select_option("entra-oauth")
    boss.get_by_role("button", name="Save", exact=True).click()
    for link in (None, "Other ways", TITLES["generic"], "Test"):
        if link:
            boss.get_by_role("link", name=link).first.click()
        boss.wait_for_load_state()
        assert_fits(boss)
