"""What can be wrong with First Login Actions, where, and in which words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""

SHOWN = 100
"""How many problems of one text are told."""
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}")


def gettext_noop(text: str) -> str:
    """Mark a text for translation; whoever shows a problem translates it."""
    return text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: its place (both numbers from 1), its JSON path and its message."""

    line: int
    column: int
    path: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return self.template % self.values

    def told(self, translate: Callable[[str], str]) -> str:
        """Return path and message in the language of whoever asks."""
        message = translate(self.template) % self.values
        return f"{self.path}: {message}" if self.path else message

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        return f"Line {self.line}, column {self.column}: {text}"


class InvalidDocument(ValueError):
    """A text that is no valid configuration; ``problems`` are in the order of the text."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems[:SHOWN])
        super().__init__("\n".join(map(str, self.problems)))


def as_text(path: Path) -> str:
    """Return a path as people write it: ``defaultEntities.folder[0]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{quoted(part)}]"
    return text


def quoted(text: str) -> str:
    """Return a text in quotes, shortened where it is long, fit to be shown on one line."""
    shown = text if len(text) <= 60 else f"{text[:57]}…"
    return "'" + "".join(one if one.isprintable() else "\ufffd" for one in shown) + "'"
