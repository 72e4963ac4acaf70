"""The program that checks SAML's signatures, found without reading pysaml2."""

from __future__ import annotations

from shutil import which


def xmlsec1() -> str | None:
    """Return the path of the program, None where it is missing."""
    return which("xmlsec1")
