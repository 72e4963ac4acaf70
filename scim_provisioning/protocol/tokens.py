"""The words that filters and paths are made of (RFC 7644 figure 1), as text positions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from json import JSONDecodeError, JSONDecoder
from math import isfinite

from .attributes import Json
from .tree import AttributePath

TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.:$-]))
      | (?P<word>[A-Za-z$][\w$.:/#+%~-]*)
      | (?P<sign>[()\[\]])
      | (?P<dotted>\.[A-Za-z$][\w$-]*)
    )""",
    re.X | re.S,
)
NAME = re.compile(r"(?:[A-Za-z][\w-]*|\$ref)", re.A)
LITERALS = {"true": True, "false": False, "null": None}
DECODER = JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its kind (``string number word sign dotted end``), text and position."""

    kind: str
    text: str
    at: int


def split(text: str) -> list[Token]:
    """Return the tokens, closed by ``end``; raise ValueError with the position of what is none."""
    tokens, at = [], 0
    end = len(text.rstrip())
    while at < end:
        found = TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"cannot be read at position {at + 1}")
        kind = str(found.lastgroup)
        tokens.append(Token(kind, found[kind], found.start(kind)))
        at = found.end()
    tokens.append(Token("end", "", at))
    return tokens


def literal(token: Token) -> Json:
    """Return the JSON scalar that a token stands for; raise ValueError where it stands for none."""
    if token.kind == "word" and token.text.lower() in LITERALS:
        return LITERALS[token.text.lower()]
    if token.kind in ("string", "number"):
        try:
            value = DECODER.decode(token.text)
        except (JSONDecodeError, ValueError):
            raise ValueError(f"has a bad value at position {token.at + 1}") from None
        if isinstance(value, str):
            _check_text(value)
        elif not isfinite(value):
            # 1e999 reads as infinity, which has no literal to be written as again.
            raise ValueError(f"has a number out of range at position {token.at + 1}")
        return value
    raise ValueError(f"misses a value at position {token.at + 1}")


def _check_text(value: str) -> None:
    if "\x00" in value or not (value.isascii() or _encodes(value)):
        raise ValueError("has a character that no value can hold")


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=512)
def attribute_path(text: str) -> AttributePath:
    """Read ``[URN ":"] name ["." sub]``; raise ValueError where it is none."""
    urn, colon, rest = text.rpartition(":")
    name, dot, sub = rest.partition(".")
    if colon and not urn.lower().startswith("urn:"):
        raise ValueError(f"has no attribute in {text[:80]!r}")
    if colon and dot and not NAME.fullmatch(name):
        # The version of a URN has a dot too: urn:…:2.0:User is all URN.
        raise ValueError(f"has no attribute in {text[:80]!r}")
    if not NAME.fullmatch(name) or (dot and not NAME.fullmatch(sub)):
        raise ValueError(f"has no attribute in {text[:80]!r}")
    return AttributePath(name, sub if dot else None, urn if colon else None)
