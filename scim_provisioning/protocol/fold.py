"""How strings compare without case (RFC 7643 section 2.2; RFC 8265 for user names)."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Return what equals the fold of every text that differs in case, width or composition only.

    In the manner of the PRECIS profile UsernameCaseMapped, without refusing characters:
    fullwidth and halfwidth forms are mapped, case is folded, the result is composed.
    """
    if text.isascii():
        return text.lower()
    mapped = "".join(map(_narrow, unicodedata.normalize("NFC", text)))
    # Folding may leave the composed form, and composing may give something to fold.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", mapped.casefold()).casefold())


def _narrow(character: str) -> str:
    decomposition = unicodedata.decomposition(character)
    if decomposition.startswith(("<wide>", "<narrow>")):
        return chr(int(decomposition.split()[1], 16))
    return character
