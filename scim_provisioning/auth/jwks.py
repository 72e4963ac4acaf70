"""Signing keys of issuers (RFC 7517): cached, and nobody waits who need not.

PyJWT makes the keys. Its client holds a lock while it fetches and forgets that a fetch
failed, so the fetching is ours: one at a time, outside every lock that readers take; not
again for a while after it succeeded or failed; known keys go on while the issuer is down.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any

from django.utils.translation import gettext as _
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from scim_provisioning import outbound
from scim_provisioning.outbound import OutboundError
from scim_provisioning.protocol.errors import Unavailable

logger = logging.getLogger(__name__)

LIFETIME = 300.0
"""Seconds that keys count as fresh: a withdrawn one ends after that."""
GRACE = 3600.0
"""Seconds that known keys go on while the issuer cannot be asked."""
COOL_DOWN = 30.0
"""Seconds between two fetches, whatever comes in."""
MOST_WAITING = 6.0


class UnknownKey(Exception):
    """The issuer has no such key, or none that fits; the text is for people."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of one fetch; made ones are kept by (kid, algorithm)."""

    fetched: float
    by_id: dict[str, dict[str, Any]]
    made: dict[tuple[str, str], PyJWK] = field(default_factory=dict)

    def make(self, kid: str, algorithm: str) -> PyJWK:
        if (kid, algorithm) not in self.made:
            self.made[kid, algorithm] = _make(self.by_id[kid], algorithm)
        return self.made[kid, algorithm]


class KeySet:
    """The keys behind one URL, as this process knows them."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._keys = _Keys(-math.inf, {})
        self._attempted = -math.inf
        self._failure = ""
        self._fetching = Lock()

    def find(self, kid: str, algorithm: str) -> PyJWK:
        """Return a key; raise UnknownKey, or Unavailable where the issuer cannot be asked."""
        keys = self._keys
        known = kid in keys.by_id
        if not known or _age(keys.fetched) >= LIFETIME:
            busy = not self._refresh(wait=not keys.by_id)
            keys = self._keys
            known = kid in keys.by_id and _age(keys.fetched) < GRACE
            if not known and (busy or self._failure):
                raise self._unavailable(busy)
        if not known:
            raise UnknownKey(_("The issuer has no key with this id (kid)."))
        return keys.make(kid, algorithm)

    def _unavailable(self, busy: bool) -> Unavailable:
        rest = COOL_DOWN - _age(self._attempted)
        wait = 1 if busy else max(math.ceil(rest), 1)
        return Unavailable("The issuer's keys are not available.", retry_after=wait)

    def _refresh(self, *, wait: bool) -> bool:
        """Fetch the keys where that is due; False while somebody else does.

        Whoever has keys does not wait for others' fetches.
        """
        if not self._is_due():
            return True
        if not self._fetching.acquire(timeout=MOST_WAITING if wait else 0):
            return False
        try:
            if self._is_due():
                self._fetch()
        finally:
            self._fetching.release()
        return True

    def _is_due(self) -> bool:
        return _age(self._attempted) >= COOL_DOWN

    def _fetch(self) -> None:
        try:
            found = usable_keys(outbound.get(self.uri).json())
        except OutboundError as problem:
            self._failure = str(problem)
            logger.warning("The keys at %s were not fetched: %s", self.uri, problem)
        else:
            self._failure = ""
            self._keys = _Keys(time.monotonic(), found)
        self._attempted = time.monotonic()


def _age(moment: float) -> float:
    return time.monotonic() - moment


def usable_keys(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the public signing keys of a set by their ids."""
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise OutboundError(_("The answer is no set of keys."))
    return {key["kid"]: key for key in reversed(keys) if _is_usable(key)}


def _is_usable(key: Any) -> bool:
    return (
        isinstance(key, dict)
        and isinstance(key.get("kid"), str)
        and key["kid"] != ""
        and key.get("kty") in ("RSA", "EC", "OKP")
        and key.get("use", "sig") == "sig"
        and "d" not in key
    )


def _make(key: dict[str, Any], algorithm: str) -> PyJWK:
    if key.get("alg", algorithm) != algorithm:
        raise UnknownKey(_("The key with this id (kid) is for another algorithm."))
    try:
        return PyJWK(key, algorithm)
    except (PyJWTError, ValueError, TypeError, AttributeError, KeyError):
        raise UnknownKey(_("The key with this id (kid) does not fit the algorithm.")) from None


@lru_cache(maxsize=256)
def key_set(uri: str) -> KeySet:
    """Return the keys behind a URL, the same object for every caller of this process."""
    return KeySet(uri)


def forget() -> None:
    """Forget every key: for tests."""
    key_set.cache_clear()
