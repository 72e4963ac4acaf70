"""Where a request comes from, and how many of them a connection may send."""

from __future__ import annotations

import time
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from django.core.cache import cache

from scim_provisioning import conf
from scim_provisioning.context import Principal
from scim_provisioning.protocol.errors import TooManyRequests

Network = IPv4Network | IPv6Network


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def client_address(request: Any) -> str | None:
    """Return the address of the client; ``X-Forwarded-For`` counts from trusted proxies only."""
    address: str = request.META.get("REMOTE_ADDR") or ""
    proxies = _networks(tuple(conf.current().trusted_proxies))
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    while proxies and _is_in(address, proxies) and hops and hops[-1]:
        address = hops.pop()
    return address if _is_address(address) else None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    if not _is_address(address):
        return False
    return any(ip_address(address) in network for network in networks)


def check_rate(principal: Principal) -> None:
    """Raise TooManyRequests where a connection with a limit sends more than it may a second."""
    if principal.rate_limit is None:
        return
    key = f"scim-rate:{principal.connection_id}:{int(time.time())}"
    cache.add(key, 0, 5)
    try:
        count = cache.incr(key)
    except ValueError:
        return
    if count > principal.rate_limit:
        raise TooManyRequests(retry_after=1)
