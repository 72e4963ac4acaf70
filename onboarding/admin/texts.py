"""Texts as pages show them: problems with the lines they are in, and what a revision changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice, zip_longest

from django.utils.translation import gettext as _

from onboarding.models import OnboardingRevision
from onboarding.schema import InvalidDocument, Problem, formatted

TOKEN = re.compile(r'"[^"]*"|[^\s,:{}\[\]]+|.')
BEFORE, AFTER = 60, 120
"""How much of a long line is shown around the place that is wrong."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem and the line that it is in, parted around the place."""

    problem: Problem
    before: str
    marked: str
    after: str

    @property
    def told(self) -> str:
        """The path and the message, in the reader's language."""
        return self.problem.told(_)


def troubles(text: str, problems: Sequence[Problem]) -> Iterator[Trouble]:
    """Yield each problem with its line."""
    lines = re.split(r"\r\n|\n|\r", text)
    for problem in problems:
        line, at = lines[problem.line - 1], problem.column - 1
        found = TOKEN.match(line, at)
        end = min(found.end() if found else at, at + AFTER)
        start = max(0, at - BEFORE)
        before = ("…" if start else "") + line[start:at]
        rest = line[end : end + AFTER]
        yield Trouble(problem, before, line[at:end], rest + ("…" if line[end + AFTER :] else ""))


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line that came, went, or stands around: ``+``, ``-`` or a space."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A revision beside the one before it."""

    revision: OnboardingRevision
    lines: list[DiffLine]
    is_newest: bool


def changes(
    revisions: Sequence[OnboardingRevision], count: int, *, is_first_page: bool
) -> list[Change]:
    """Return the first ``count`` of revisions, the newest first, each with what it changed."""
    pairs = islice(zip_longest(revisions, revisions[1:]), count)
    return [
        Change(
            revision,
            diff(before.text if before else "", revision.text),
            is_first_page and not index,
        )
        for index, (revision, before) in enumerate(pairs)
    ]


def diff(before: str, after: str) -> list[DiffLine]:
    """Return what changed between two texts, both laid out the same way."""
    # Without the two lines that name files.
    lines = islice(unified_diff(_lines(before), _lines(after), lineterm="", n=10), 2, None)
    shown = [DiffLine(line[0], line[1:]) for line in lines]
    # Each stretch begins with a line of numbers; the first needs none.
    return [DiffLine(" ", "…") if line.sign == "@" else line for line in shown][1:]


def _lines(text: str) -> list[str]:
    try:
        return formatted(text).splitlines() if text else []
    except InvalidDocument:
        # It was right by the rules of its time.
        return text.splitlines()
