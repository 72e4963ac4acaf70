"""Failed password checks, counted per address and per address and user name.

REST framework throttles after it authenticates; a hash is too dear for that. Counts
live in Django's cache; a missing credential, a token or a token's typo is never counted,
but for opaque tokens that an issuer was asked about in vain: those count by address.
"""

from __future__ import annotations

import hashlib
import time
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.core.cache import cache

from scim_provisioning import conf
from scim_provisioning.protocol.errors import TooManyRequests


def _windows(address: str | None, username: str | None, realm: str) -> list[tuple[str, int, int]]:
    """Return (cache key, limit, seconds) of what is counted."""
    settings, address = conf.current(), _place(address)
    by_address, by_user = settings.throttle_address, settings.throttle_user
    now = int(time.time())
    windows = [(f"{realm}-throttle-a:{address}:{now // by_address[1]}", *by_address)]
    if username is not None:
        who = hashlib.sha256(f"{address}\0{username}".encode()).hexdigest()
        windows.append((f"{realm}-throttle-u:{who}:{now // by_user[1]}", *by_user))
    return windows


def _place(address: str | None) -> str | None:
    """Return what is counted of an address: of IPv6 the network, as each host has all of a /64."""
    if address is None or not isinstance(parsed := ip_address(address), IPv6Address):
        return address
    return str(IPv6Network((parsed, 64), strict=False))


def check(address: str | None, username: str | None, *, realm: str = "scim") -> None:
    """Raise TooManyRequests where too many checks failed; each realm counts for itself."""
    for key, limit, seconds in _windows(address, username, realm):
        if cache.get(key, 0) >= limit:
            raise TooManyRequests(retry_after=seconds - int(time.time()) % seconds or 1)


def fail(address: str | None, username: str | None, *, realm: str = "scim") -> None:
    """Count a failed check."""
    for key, _, seconds in _windows(address, username, realm):
        cache.add(key, 0, seconds)
        try:
            cache.incr(key)
        except ValueError:
            # It expired in between: the window is over.
            continue
