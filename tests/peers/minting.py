"""JWTs made by hand: right ones with a provider's keys, and wrong ones of every kind."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt import PyJWK
from jwt.algorithms import get_default_algorithms

ALGORITHMS = get_default_algorithms()


def encoded(part: Any) -> str:
    """Return one part of a JWT: JSON, or bytes and text as they are."""
    if isinstance(part, dict):
        part = json.dumps(part)
    raw = part.encode() if isinstance(part, str) else part
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def private(jwk: dict[str, str]) -> Any:
    return PyJWK(jwk, jwk["alg"]).key


def public_bytes(jwk: dict[str, str]) -> dict[str, bytes]:
    """Return the public key in the forms that are mistaken for shared secrets."""
    key = private(jwk).public_key()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return {
        "PEM": key.public_bytes(serialization.Encoding.PEM, info),
        "DER": key.public_bytes(serialization.Encoding.DER, info),
        "modulus": base64.urlsafe_b64decode(jwk["n"] + "=="),
    }


def jws(header: Any, payload: Any, key: Any = None, algorithm: str = "RS256") -> str:
    """Return a JWT signed by an algorithm, whatever its header says of that."""
    start = f"{encoded(header)}.{encoded(payload)}"
    if key is None:
        return f"{start}."
    if algorithm == "HS256":
        signature = hmac.digest(key, start.encode(), "sha256")
    else:
        signature = ALGORITHMS[algorithm].sign(start.encode(), key)
    return f"{start}.{encoded(signature)}"


def foreign(bits: int = 2048) -> Any:
    """Return a key that nobody published."""
    return rsa.generate_private_key(65537, bits)


def public_jwk(key: Any) -> dict[str, Any]:
    return json.loads(ALGORITHMS["RS256"].to_jwk(key.public_key()))
