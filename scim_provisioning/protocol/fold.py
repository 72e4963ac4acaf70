"""How strings compare without case (RFC 7643 section 2.2; RFC 8265 for user names)."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Return what equals the fold of every text that differs in case, width or composition only.

    In the manner of the PRECIS profile UsernameCaseMapped, without refusing characters:
    fullwidth and halfwidth forms are mapped, letters become lower case, the result is
    composed.
    """
    if text.isascii():
        return text.lower()
    mapped = "".join(map(_prepare, unicodedata.normalize("NFC", text)))
    return unicodedata.normalize("NFC", mapped)


def _prepare(character: str) -> str:
    decomposition = unicodedata.decomposition(character)
    if decomposition.startswith(("<wide>", "<narrow>")):
        character = chr(int(decomposition.split()[1], 16))
    # One by one, and one sigma: the fold of a part has to be a part of the fold.
    return character.lower().replace("ς", "σ")  # noqa: RUF001
