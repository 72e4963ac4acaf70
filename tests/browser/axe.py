"""Accessibility as axe sees it, in both colour schemes."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Preloading looks for imported style sheets beside the page instead of beside their importer.
OPTIONS = {"resultTypes": ["violations"], "preload": False}
OF_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
SCHEMES = {"light": OPTIONS, "dark": {**OPTIONS, "runOnly": OF_COLOURS}}
"""The schemes differ in their colours alone: what else axe looks at is looked at once."""


def assert_accessible(page: Page) -> None:
    """Fail, with axe's own report, where the page as it stands has a violation."""
    page.wait_for_load_state()
    for scheme, options in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        # Colours fade over; axe is to see where they end.
        page.evaluate("document.getAnimations().forEach((one) => one.finish())")
        results = Axe().run(page, options=options)
        assert not results.violations_count, f"{page.url}, {scheme}:\n{results.generate_report()}"
    page.emulate_media(color_scheme="light")
