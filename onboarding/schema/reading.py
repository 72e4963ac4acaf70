"""What was read of a text: its value, where each part stands, and what is wrong."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from .problems import SHOWN, Path, Problem, as_text

LINE_END = re.compile(r"\r\n|\n|\r")


class Unreadable:
    """Stands for a value whose text is wrong; that has been told already."""


class Stop(Exception):
    """Nothing sensible can be read from here on."""


@dataclass(slots=True)
class Reading:
    """The value of a text with its places; ``is_whole`` is false where reading had to stop."""

    text: str
    value: Any = field(default_factory=Unreadable)
    places: dict[Path, int] = field(default_factory=dict)
    """Where each value begins."""
    keys: dict[Path, int] = field(default_factory=dict)
    """Where the key of each value begins."""
    is_whole: bool = True
    _found: list[tuple[int, Problem]] = field(default_factory=list)
    _lines: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = [0, *(end.end() for end in LINE_END.finditer(self.text))]

    def report(self, offset: int, path: Path, template: str, **values: object) -> None:
        """Note a problem at a place; raise Stop where there are more than anybody reads."""
        line = bisect_right(self._lines, offset)
        column = offset - self._lines[line - 1] + 1
        self._found.append((offset, Problem(line, column, as_text(path), template, values)))
        if len(self._found) >= SHOWN:
            raise Stop

    def problems(self) -> list[Problem]:
        """Return the problems in the order of the text."""
        return [problem for _, problem in sorted(self._found, key=lambda pair: pair[0])]
