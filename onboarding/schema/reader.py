"""A JSON reader (RFC 8259) that knows where everything stands and tells all errors at once.

It goes on after what people often get wrong: a comma too many or too few, single or
typographic quotes, ``True``, comments. What it cannot make sense of ends the reading.
"""

from __future__ import annotations

import json
import re
from math import isinf
from typing import Any, NoReturn

from .problems import Path, gettext_noop, quoted
from .reading import Reading, Stop, Unreadable

MAX_LENGTH = 64 * 1024
MAX_DEPTH = 20
MAX_PARTS = 200
MAX_NUMBER = 100
QUOTES = "'`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
"""What word processors and other languages put around strings."""

GAP = re.compile(
    r"[ \t\r\n]+|(?P<space>\s)|(?P<comment>//[^\r\n]*|/\*.*?(?:\*/|\Z)|\#[^\r\n]*)", re.S
)
STRING = re.compile(r'"(?:[^"\\\r\n]|\\[^\r\n])*')
MISQUOTED = re.compile(f'[{QUOTES}]([^{QUOTES}"\r\n]*)[{QUOTES}"]')
WORD = re.compile(r"[^\s{}\[\]:,\"]+")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
ESCAPE_OR_FLAW = re.compile(
    r"""\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
    |(?P<surrogate>\\u[dD][89a-fA-F][0-9a-fA-F]{2}|[\ud800-\udfff])
    |(?P<null>\\u0000|\x00)
    |\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})
    |(?P<escape>\\.)
    |(?P<control>[\x01-\x1f])""",
    re.X,
)
FLAWS = {
    "surrogate": gettext_noop("half of a surrogate pair is no character"),
    "null": gettext_noop("the character U+0000 cannot be stored"),
    "escape": gettext_noop("%(found)s is no escape of JSON"),
    "control": gettext_noop("a control character has to be written as an escape"),
}
LITERALS = {"true": True, "false": False, "null": None}
MEANT = {
    **dict.fromkeys(("True", "TRUE"), "true"),
    **dict.fromkeys(("False", "FALSE"), "false"),
    **dict.fromkeys(("None", "NULL", "Null", "undefined"), "null"),
}


def read(text: str) -> Reading:
    """Read a text; never raises."""
    if len(text) > MAX_LENGTH:
        reading = Reading("", is_whole=False)
        template = gettext_noop("the text is longer than %(limit)s characters")
        reading.report(0, (), template, limit=MAX_LENGTH)
        return reading
    reader = _Reader(Reading(text))
    try:
        reader.document()
    except Stop:
        reader.reading.is_whole = False
    return reader.reading


class _Reader:
    """Walks over the text once; ``at`` is where it stands."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.report = reading.report
        self.text = reading.text
        self.at = 1 if self.text.startswith("\ufeff") else 0

    def document(self) -> None:
        self.gap(())
        if self.at == len(self.text):
            self.stop((), gettext_noop("the text is empty"))
        self.reading.value = self.value((), 0)
        self.gap(())
        if self.at < len(self.text):
            self.stop((), gettext_noop("something follows the end of the document"))

    def value(self, path: Path, depth: int) -> Any:
        self.reading.places.setdefault(path, self.at)
        found = self.peek()
        if found in ("{", "["):
            if depth == MAX_DEPTH:
                self.stop(path, gettext_noop("nested deeper than %(n)s levels"), n=MAX_DEPTH)
            return self.members(path, depth) if found == "{" else self.items(path, depth)
        if found == '"':
            return self.string(path)
        if found == "":
            self.stop(path, gettext_noop("the text ends where a value is expected"))
        if found in QUOTES:
            return self.misquoted(path)
        if found in "}],:":
            self.stop(path, gettext_noop("a value is expected, not %(found)s"), found=found)
        return self.word(path)

    def members(self, path: Path, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self.at += 1
        count = 0
        while self.more("}", path, count):
            key_at, key = self.at, self.key(path)
            child = (*path, key)
            if key in members:
                template = gettext_noop("the key is there twice")
                self.report(key_at, child, template)
            self.reading.keys.setdefault(child, key_at)
            self.colon(child)
            members.setdefault(key, self.value(child, depth + 1))
            count += 1
        return members

    def items(self, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        self.at += 1
        while self.more("]", path, len(items)):
            items.append(self.value((*path, len(items)), depth + 1))
        return items

    def more(self, closing: str, path: Path, count: int) -> bool:
        """Move to the next part of an object or a list, or behind its end."""
        commas = self.commas(path)
        found = self.peek()
        if found == closing:
            if commas:
                self.report(commas[-1], path, gettext_noop("a comma too many"))
            self.at += 1
            return False
        if found in ("", "}", "]", ":"):
            template = gettext_noop("%(closing)s is missing here")
            self.stop(path, template, closing=closing)
        if count == MAX_PARTS:
            self.stop(path, gettext_noop("more than %(n)s parts"), n=MAX_PARTS)
        if count and not commas:
            self.report(self.at, path, gettext_noop("a comma is missing before this"))
        if commas and not count:
            self.report(commas[0], path, gettext_noop("a comma too many"))
        return True

    def commas(self, path: Path) -> list[int]:
        """Move over what separates two parts; return where its commas stand."""
        found: list[int] = []
        self.gap(path)
        while self.peek() == ",":
            if found:
                self.report(self.at, path, gettext_noop("a comma too many"))
            found.append(self.at)
            self.at += 1
            self.gap(path)
        return found

    def key(self, path: Path) -> str:
        start = self.at
        key: Any
        if self.peek() == '"':
            key = self.string(path)
        elif self.peek() in QUOTES:
            key = self.misquoted(path)
        elif found := WORD.match(self.text, start):
            key, self.at = found[0], found.end()
            self.report(start, path, gettext_noop("%(key)s needs double quotes"), key=quoted(key))
        else:
            self.stop(path, gettext_noop("a key is expected, not %(found)s"), found=self.peek())
        # A key that cannot be read still has a place of its own.
        return key if isinstance(key, str) else self.text[start : self.at]

    def colon(self, path: Path) -> None:
        self.gap(path)
        if self.peek() != ":":
            self.stop(path, gettext_noop("a colon is missing after the key"))
        self.at += 1
        self.gap(path)

    def string(self, path: Path) -> Any:
        start, body = self.at, STRING.match(self.text, self.at)
        assert body is not None
        self.at = body.end()
        if self.peek() != '"':
            self.at = start
            self.stop(path, gettext_noop("the string is not closed on its line"))
        self.at += 1
        raw = self.text[start : self.at]
        flaws = [flaw for flaw in ESCAPE_OR_FLAW.finditer(raw) if flaw.lastgroup]
        for flaw in flaws:
            template = FLAWS[str(flaw.lastgroup)]
            self.report(start + flaw.start(), path, template, found=quoted(flaw[0]))
        return Unreadable() if flaws else json.loads(raw)

    def misquoted(self, path: Path) -> str:
        """Read a string in quotes that are not JSON's."""
        start, found = self.at, MISQUOTED.match(self.text, self.at)
        self.report(start, path, gettext_noop('strings stand in straight double quotes: "'))
        if found is None:
            raise Stop
        self.at = found.end()
        return found[1]

    def word(self, path: Path) -> Any:
        start, found = self.at, WORD.match(self.text, self.at)
        assert found is not None
        word, self.at = found[0], found.end()
        if word in LITERALS:
            return LITERALS[word]
        if (number := _number(word)) is not None:
            return number
        if word in MEANT:
            template = gettext_noop("%(found)s is not JSON; it is written %(meant)s")
            self.report(start, path, template, found=quoted(word), meant=MEANT[word])
            return LITERALS[MEANT[word]]
        self.report(start, path, gettext_noop("%(found)s is not JSON"), found=quoted(word))
        return Unreadable()

    def gap(self, path: Path) -> None:
        while found := GAP.match(self.text, self.at):
            if found["comment"]:
                self.report(self.at, path, gettext_noop("comments are not JSON"))
            if space := found["space"]:
                template = gettext_noop("the character U+%(code)04X is no space of JSON")
                self.report(self.at, path, template, code=ord(space))
            self.at = found.end()

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def stop(self, path: Path, template: str, **values: object) -> NoReturn:
        self.report(self.at, path, template, **values)
        raise Stop


def _number(word: str) -> float | None:
    """Return the number that a word is, None where it is none or beyond what numbers hold."""
    if len(word) > MAX_NUMBER or not NUMBER.fullmatch(word):
        return None
    number = float(word) if set(word) & set(".eE") else int(word)
    return None if isinf(number) else number
