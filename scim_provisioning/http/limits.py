"""Where a request comes from, and how many of them a connection may send."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from math import ceil
from typing import Any

from django.core.cache import cache

from scim_provisioning import conf
from scim_provisioning.context import Principal
from scim_provisioning.protocol.errors import TooManyRequests

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
WITH_PORT = re.compile(r"\[?([0-9.]+|(?<=\[)[^\]]*)\]?(?::[0-9]+)?")
"""``192.0.2.1:443`` and ``[2001:db8::1]:443``; a bare IPv6 address does not match."""


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def client_address(request: Any) -> str | None:
    """Return the address of the client; ``X-Forwarded-For`` counts from trusted proxies only."""
    address = parse_address(request.META.get("REMOTE_ADDR") or "")
    proxies = _networks(tuple(conf.current().trusted_proxies))
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if proxies else []
    while hops and address is not None and any(address in network for network in proxies):
        hop = hops.pop().strip()
        if not hop:
            break
        address = parse_address(hop)
    return str(address) if address else None


@lru_cache(maxsize=1024)
def parse_address(text: str) -> Address | None:
    """Return an address without the port, the zone and the IPv6 wrapping proxies put around it."""
    found = WITH_PORT.fullmatch(text)
    try:
        address = ip_address((found[1] if found else text).partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def charge(principal: Principal, operations: int) -> None:
    """Count the operations of a Bulk as requests: they use up the seconds that follow."""
    if principal.rate_limit is not None:
        seconds = operations / principal.rate_limit
        cache.set(_spent(principal), time.time() + seconds, seconds + 1)


def _spent(principal: Principal) -> str:
    return f"scim-rate-spent:{principal.connection_id}"


def check_rate(principal: Principal) -> None:
    """Raise TooManyRequests where a connection with a limit sends more than it may a second."""
    if principal.rate_limit is None:
        return
    if (left := cache.get(_spent(principal), 0) - time.time()) > 0:
        raise TooManyRequests(retry_after=ceil(left))
    key = f"scim-rate:{principal.connection_id}:{int(time.time())}"
    cache.add(key, 0, 5)
    try:
        count = cache.incr(key)
    except ValueError:
        return
    if count > principal.rate_limit:
        raise TooManyRequests(retry_after=1)
