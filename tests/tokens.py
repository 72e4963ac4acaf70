"""Tokens as issuers make them, and as they must not be: minted from keys of our own."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.local_server import LocalServer, send

ABSENT: Any = ...
"""In changes of claims and header members: left out."""
AUDIENCE = "api://portal"
CLIENT = "0oa-client"
KEYS = "/keys"


@lru_cache
def rsa_key(name: str = "first", size: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


@lru_cache
def ec_key(name: str = "ec") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, kid: str, **members: Any) -> dict[str, Any]:
    """Return the public JWK of a private key."""
    name = "RSA" if isinstance(key, rsa.RSAPrivateKey) else "EC"
    algorithm = jwt.get_algorithm_by_name("RS256" if name == "RSA" else "ES256")
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", **members}


def encode(part: Any) -> str:
    """Return base64url of bytes, or of anything else as JSON."""
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def sign(header: Any, payload: Any, key: Any = None, algorithm: str = "RS256") -> str:
    """Return a token of any header and payload, well signed."""
    text = f"{encode(header)}.{encode(payload)}"
    signature = jwt.get_algorithm_by_name(algorithm).sign(text.encode(), key or rsa_key())
    return f"{text}.{encode(signature)}"


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**base, **changes}.items() if value is not ABSENT}


@dataclass
class Issuer:
    """An issuer on loopback: its keys are the server's to show."""

    server: LocalServer
    keys: list[dict[str, Any]] = field(default_factory=list)
    application: Any = None

    def __post_init__(self) -> None:
        self.keys += [jwk(rsa_key(), "first"), jwk(ec_key(), "ec")]
        self.server.routes[KEYS] = self.show

    def show(self, handler: Any, request: Any) -> None:
        send(handler, {"keys": self.keys})

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def fetches(self) -> int:
        return self.server.count(KEYS)

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        base = {
            "iss": self.url,
            "aud": AUDIENCE,
            "client_id": CLIENT,
            "sub": CLIENT,
            "iat": now,
            "exp": now + 3600,
            "jti": "AT.1",
        }
        return changed(base, changes)

    def header(self, **changes: Any) -> dict[str, Any]:
        return changed({"alg": "RS256", "typ": "at+jwt", "kid": "first"}, changes)

    def token(self, header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
        """Return a token: as it should be, but for the changes."""
        head = self.header(**(header or {}))
        name = head.get("alg")
        known = name in ("RS512", "PS256", "ES256")
        return sign(head, self.claims(**claims), key, name if known else "RS256")

    def bearer(self, **changes: Any) -> str:
        return f"Bearer {self.token(**changes)}"
