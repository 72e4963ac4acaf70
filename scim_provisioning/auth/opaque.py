"""Opaque secrets: made, recognised without a query where mistyped, digested.

A prefix, 43 base62 characters (256 bits), 6 base62 characters of CRC32. Nobody guesses
256 random bits, so a plain SHA-256 digest is what is stored: a slow hash, which guards
secrets that people choose, would cost 290 ms for nothing. The digest is looked up in a
unique index; how long that takes tells of a digest, and no digest leads to a secret.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH, CHECK_LENGTH = 43, 6


def generate(prefix: str) -> str:
    """Return a new secret."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return f"{prefix}{body}{_checksum(body)}"


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return digits


def is_well_formed(text: str, prefix: str) -> bool:
    """Whether a text can be such a secret at all: its form, and its checksum."""
    body = text[len(prefix) : -CHECK_LENGTH]
    return (
        text.isascii()
        and text.startswith(prefix)
        and len(body) == RANDOM_LENGTH
        and body.isalnum()
        and text[-CHECK_LENGTH:] == _checksum(body)
    )


def digest(secret: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hint(secret: str) -> str:
    """Return what is shown of a secret to recognise it by."""
    return f"{secret[:8]}…{secret[-4:]}"
