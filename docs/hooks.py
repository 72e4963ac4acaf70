"""What mkdocs does besides: pages made from the code, and a place for every page."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from secrets import token_hex
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
NOT_RUN = re.compile(r'^(\s*```\w+) not-run=".*"$', re.MULTILINE)
"""What a block that no test runs says of itself; readers need not see it."""


def on_config(config: MkDocsConfig) -> None:
    """Set the portal up as it is without any variable, leaving no keys behind."""
    sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
    os.environ.setdefault("SECRET_KEY", token_hex())
    os.environ.setdefault("ENCRYPTION_KEYS", "b25seS1mb3ItdGhlLWRvY3VtZW50YXRpb24tLS0tLS0=")
    os.environ["DJANGO_SETTINGS_MODULE"] = "kyvos_portal.settings"
    import django

    django.setup()


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference, and to the navigation what it leaves out."""
    from reference import PAGES

    for name, page in PAGES.items():
        uri = f"reference/{name}.md"
        files.append(File.generated(config, uri, content=page.text()))
    named = set(_named(config.nav))
    rest = sorted(f.src_uri for f in files.documentation_pages() if f.src_uri not in named)
    if rest:
        config.nav.append({"More": rest})
    return files


def _named(nav: Any) -> list[str]:
    """Return the pages that a part of the navigation names."""
    match nav:
        case str():
            return [nav]
        case dict():
            return [page for part in nav.values() for page in _named(part)]
    return [page for part in nav or () for page in _named(part)]


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Leave out what concerns only the tests."""
    return NOT_RUN.sub(r"\1", markdown)
