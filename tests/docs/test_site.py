"""The site is built without a warning, whole, and asks no other host for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from kyvos_portal.variables import VARIABLES
from tests.docs.blocks import ROOT

pytest.importorskip("material", reason="the extra docs is not installed")
pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-d", folder]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    assert built.stderr == ""
    return folder


class Loaded(HTMLParser):
    """Collects what a browser fetches for a page without being asked by anybody."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in ("script", "img", "iframe"):
            self.urls.append(given.get("src") or "")
        elif tag == "link" and given.get("rel") != "canonical":
            self.urls.append(given.get("href") or "")


def test_nothing_is_loaded_from_other_hosts(site):
    pages = list(site.rglob("*.html"))
    loaded = {url for page in pages for url in Loaded(page.read_text()).urls}
    assert len(pages) > 20
    assert [url for url in loaded if re.match(r"(\w+:)?//", url)] == []


def test_every_page_is_in_the_navigation(site):
    index = (site / "index.html").read_text()
    pages = {str(page.relative_to(site)) for page in site.rglob("*.html")} - {"404.html"}
    assert {page for page in pages if f'href="{page}"' not in index} == set()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("settings", ["CURSOR_TIMEOUT", "Seconds between two pages of a walk by cursor", "3600"]),
        ("environment", list(VARIABLES)),
        ("commands", ["onboarding roll-back", "--overlap-days", "how long the old ones go on"]),
        ("signals", ["user_deprovisioned", "user_id, scim_id, connection_id, erased"]),
        ("errors", ["invalidCursor", "uniqueness", "503"]),
        ("checks", ["scim_provisioning.W005", "onboarding.W005", "No URL leads to SCIM"]),
        ("schemas", ["name.familyName", "enterprise:2.0:User", "manager.$ref"]),
        ("ledger", ["ProvisioningEvent", "duration_ms", "drift"]),
    ],
)
def test_the_reference_tells_what_the_code_has(site, page, words):
    text = re.sub("<[^>]+>", "", (site / "reference" / f"{page}.html").read_text())
    assert [word for word in words if word not in text] == []


def test_what_concerns_only_the_tests_is_not_shown(site):
    assert [page for page in site.rglob("*.html") if "not-run" in page.read_text()] == []
