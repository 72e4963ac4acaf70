"""Where SCIM is mounted: what the middleware guards, and what locations begin with."""

from __future__ import annotations

from functools import lru_cache

from django.urls import get_script_prefix, get_urlconf, reverse


def root() -> str:
    """Return the path of the base URL, with its last slash; raise NoReverseMatch."""
    return _root(get_urlconf(), get_script_prefix())


@lru_cache(maxsize=32)
def _root(urlconf: str | None, script_prefix: str) -> str:
    # Both arguments are what ``reverse`` reads from the thread.
    return reverse("scim:root")
