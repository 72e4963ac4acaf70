"""What an ``id`` is: a UUID, or a short text that an earlier system gave, which goes on.

Rows are keyed by UUIDs. A text of up to thirteen characters stands within one of version 8
(RFC 9562 section 5.8), the version for layouts of one's own: nothing else is stored of it.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

PLAIN = re.compile(r"[A-Za-z0-9_~@-][A-Za-z0-9._~@-]{0,12}", re.ASCII)
"""Texts that can be kept: nothing that a URL escapes, nor ``.search``."""
MARKS = ((0, "5c"), (6, "8c"), (8, "ad"))
"""Bytes that tell a kept text, by their place; the version and the variant are among them."""
TEXT = ((1, 3), (4, 2), (7, 1), (9, 1), (10, 6))
"""Where the text stands: the first byte of a stretch between hyphens, and how many there are.

NUL fills up.
"""
CANONICAL = 36

_MASK = sum(0xFF << 8 * (15 - place) for place, _ in MARKS)
_MARK = sum(int(byte, 16) << 8 * (15 - place) for place, byte in MARKS)


def shown(identifier: UUID) -> str:
    """Return an id as clients know it."""
    if identifier.int & _MASK != _MARK:
        return str(identifier)
    whole = identifier.bytes
    text = b"".join(whole[start : start + size] for start, size in TEXT)
    return text.rstrip(b"\0").decode("ascii", "replace")


def parse(text: Any, *, any_case: bool = False) -> UUID | None:
    """Return the key of an id, None for what is none; every id has one form.

    ``any_case``: the letters of a UUID may be capitals. Those of a kept text always count.
    """
    if not isinstance(text, str):
        return None
    if PLAIN.fullmatch(text):
        return _kept(text)
    return _canonical(text.lower() if any_case else text)


def _kept(text: str) -> UUID:
    whole, rest = bytearray(16), text.encode().ljust(13, b"\0")
    for place, byte in MARKS:
        whole[place] = int(byte, 16)
    for start, size in TEXT:
        whole[start : start + size], rest = rest[:size], rest[size:]
    return UUID(bytes=bytes(whole))


def _canonical(text: str) -> UUID | None:
    try:
        found = UUID(text) if len(text) == CANONICAL else None
    except ValueError:
        return None
    if found is None or str(found) != text or found.int & _MASK == _MARK:
        return None
    return found
