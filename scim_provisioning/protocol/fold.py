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


INVISIBLE = {"Cc", "Cf", "Zl", "Zp"}
"""General categories of what leaves no mark, such as joiners and changes of direction."""
DOTLESS = str.maketrans({"\u0131": "i", "\u0307": None})
"""A dotless i is read as an i, and so is a dotted capital one, which folds to an i with a dot."""
LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТУХҮԚԜасеѕіјкмоԛрвнтухһԁԝѵӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεικνορτυχօսհոցյԼՕՍɑɡɩ",
    "ABESIJKMHOPCTYXYQWacesijkmoqpbhtyxhdwvlABEZHIKMNOPTYXabeikvoptuxouhngjLOUagi",
)
"""Letters of other scripts that are drawn as Latin ones, or nearly so."""
BEYOND_LATIN = "\u0250"


def readings(text: str) -> set[str]:
    """Return what people take a name for: its fold, without what they do not see.

    Where all its letters can be read as Latin ones, as of a Latin name with a Cyrillic letter
    in it, that is the second reading. Likenesses among other scripts are left.
    """
    if text.isascii() and text.isprintable():
        return {text.strip().lower()}
    plain = unicodedata.normalize("NFKC", text)
    latin = _read(plain.translate(LATIN))
    return {_read(plain), *([latin] if max(latin, default="") < BEYOND_LATIN else ())}


def _read(text: str) -> str:
    read = text.casefold().translate(DOTLESS)
    return fold("".join(c for c in read if not _is_unseen(c)).strip())


def _is_unseen(character: str) -> bool:
    is_selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return is_selector or unicodedata.category(character) in INVISIBLE
