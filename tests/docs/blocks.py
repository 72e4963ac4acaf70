"""The code blocks of the documentation, as a Markdown parser finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
INFO = re.compile(r'(?P<language>\w+)?(?: not-run="(?P<reason>[^"]+)")?')
"""``sh``, or ``sh not-run="the reason"`` where no test can run the block."""


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    language: str
    reason: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def of(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page, in their order."""
    for token in MarkdownIt().enable("table").parse(page.read_text()):
        if token.type == "fence":
            info = INFO.fullmatch(token.info.strip())
            assert info, f"{page.name}:{token.map[0] + 1}: {token.info!r} says nothing to us"
            line, language = token.map[0] + 1, info["language"] or ""
            yield Block(page, line, language, info["reason"], token.content)


BLOCKS = [block for page in PAGES for block in of(page)]


def run(*languages: str) -> list[Block]:
    """Return the blocks of these languages that are run."""
    return [b for b in BLOCKS if b.language in languages and b.reason is None]
