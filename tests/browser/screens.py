"""Under which conditions pages are looked at, and that they fit."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

NARROW = 320
"""Pixels of width that WCAG 2.2 asks for (1.4.10), without scrolling sideways."""
narrow = pytest.mark.browser_context_args(viewport={"width": NARROW, "height": 640})
without_script = pytest.mark.browser_context_args(java_script_enabled=False)


def assert_fits(page: Page) -> None:
    """Fail where a page on a narrow screen has to be scrolled sideways."""
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW, f"{page.url} is {width} pixels wide"
