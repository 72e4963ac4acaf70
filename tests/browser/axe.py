"""Accessibility as axe sees it, in both colour schemes."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def assert_accessible(page: Page) -> None:
    """Fail, with axe's own report, where the page as it stands has a violation."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        results = Axe().run(page)
        assert not results.violations_count, f"{page.url}, {scheme}:\n{results.generate_report()}"
    page.emulate_media(color_scheme="light")
