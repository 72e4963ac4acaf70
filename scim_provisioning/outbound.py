"""Requests that this site makes: to public addresses only, bounded, without redirects.

An administrator, or a discovery document, names the URL; the network behind this site must
not be reachable by it. The host is resolved once, every address is checked, and the
connection goes to the very address that was checked: a second answer of the DNS changes
nothing. The setting ``ALLOW_LOCAL_ISSUERS`` lifts the rule about addresses and https.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from threading import Thread, Timer
from typing import Any
from urllib.parse import SplitResult, quote_plus, urlencode, urlsplit

from django.utils.translation import gettext as _
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import make_headers

from scim_provisioning import conf

TIMEOUT = 5.0
"""Seconds for a whole exchange, however slowly it comes."""
MOST_BYTES = 512 * 1024
NAT64 = IPv6Network("64:ff9b::/96")
UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given out for the internet; Python takes much of the rest for global."""
PROTOCOLS = IPv4Network("192.0.0.0/24")
"""Of IPv4 for protocols: Python 3.11 takes most of it for global."""


class OutboundError(Exception):
    """A request that was not made, or not answered as it has to be; the text is for people."""


class ForbiddenUrl(OutboundError):
    """A URL that this site does not follow."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: never a redirect, never larger than the limit."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the JSON object in the body; raise OutboundError where there is none."""
        try:
            found = json.loads(self.body.decode())
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise OutboundError(_("The answer is no JSON object."))
        return found


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be followed, and the addresses it led to when it was checked."""

    parts: SplitResult
    host: str
    port: int
    addresses: tuple[str, ...]


def get(url: str, *, bearer: str | None = None) -> Reply:
    """Return what a URL answers with 200; raise OutboundError for anything else.

    ``bearer`` is a token to be sent along (RFC 6750).
    """
    headers = {"Accept": "*/*"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    reply = _request("GET", url, None, headers)
    if reply.status != 200:
        raise OutboundError(_("It answered %(status)s.") % {"status": reply.status})
    return reply


def post(url: str, form: Mapping[str, str], basic: tuple[str, str] | None = None) -> Reply:
    """Send a form, as a client where a pair is given; return the answer of any status.

    The pair is encoded as RFC 6749 section 2.3.1 asks.
    """
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if basic:
        headers |= make_headers(basic_auth=":".join(map(quote_plus, basic)))
    return _request("POST", url, urlencode(form).encode(), headers)


def check_url(url: str, deadline: float | None = None) -> Target:
    """Return where a URL leads; raise ForbiddenUrl where this site must not follow."""
    local = conf.current().allow_local_issuers
    parts, host, port = _split(url)
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise ForbiddenUrl(_("It has to begin with https://."))
    if not host or parts.username is not None or parts.fragment:
        raise ForbiddenUrl(_("It needs a host, and takes no user name and no fragment."))
    addresses = _resolve(host, port, deadline or time.monotonic() + TIMEOUT)
    if not local and not all(is_public(address) for address in addresses):
        raise ForbiddenUrl(_("%(host)s leads to an address that is not public.") % {"host": host})
    return Target(parts, host, port, addresses)


def _split(url: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ForbiddenUrl(_("It is no URL.")) from None
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ForbiddenUrl(_("It holds characters that no URL has."))
    return parts, parts.hostname or "", port or (443 if parts.scheme == "https" else 80)


def _resolve(host: str, port: int, deadline: float) -> tuple[str, ...]:
    """Return the addresses of a host; the system's resolver knows no deadline, so we wait for it.

    It gives up by itself, later: until then a thread is left behind, and nobody's request.
    """
    answers: SimpleQueue[tuple[str, ...]] = SimpleQueue()
    Thread(target=lambda: answers.put(_looked_up(host, port)), daemon=True).start()
    try:
        found = answers.get(timeout=max(deadline - time.monotonic(), 0))
    except Empty:
        raise ForbiddenUrl(_too_slow(host)) from None
    if not found:
        raise ForbiddenUrl(_("%(host)s cannot be found.") % {"host": host})
    return found


def _looked_up(host: str, port: int) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_rest, address in found))


def _too_slow(host: str) -> str:
    return _("%(host)s took longer than 5 seconds.") % {"host": host}


def is_public(text: str) -> bool:
    """Whether an address, and any IPv4 address inside it, is of the public internet."""
    address = ip_address(text)
    embedded = tuple(_embedded(address))
    if isinstance(address, IPv6Address) and address not in UNICAST and not embedded:
        return False
    return all(
        each.is_global and not each.is_multicast and each not in PROTOCOLS
        for each in (address, *embedded)
    )


def _embedded(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """Yield the IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, IPv6Address):
        teredo = address.teredo or ()
        yield from (a for a in (address.ipv4_mapped, address.sixtofour, *teredo) if a)
        if address in NAT64:
            yield IPv4Address(int(address) & 0xFFFFFFFF)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _connection(target: Target, address: str, timeout: float) -> HTTPConnection:
    if target.parts.scheme == "http":
        return HTTPConnection(address, target.port, timeout=timeout)
    return HTTPSConnection(
        address,
        target.port,
        timeout=timeout,
        ssl_context=_tls(),
        server_hostname=target.host,
    )


def _request(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
    deadline = time.monotonic() + TIMEOUT
    target = check_url(url, deadline)
    try:
        with _connected(target, deadline) as connection:
            path = (target.parts.path or "/") + (f"?{q}" if (q := target.parts.query) else "")
            sent = {"Host": target.parts.netloc, "Connection": "close", **headers}
            connection.request(
                method, path, body, sent, preload_content=False, decode_content=False
            )
            return _read(connection, deadline)
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        raise OutboundError(_reason(error, target.host, deadline)) from None


@contextmanager
def _connected(target: Target, deadline: float) -> Iterator[HTTPConnection]:
    """Give a connection to the first address that takes one; it ends at the deadline."""
    connection = _connect(target, deadline)
    timer = Timer(max(deadline - time.monotonic(), 0), _cut, [connection.sock])
    timer.daemon = True
    timer.start()
    try:
        yield connection
    finally:
        timer.cancel()
        connection.close()


def _connect(target: Target, deadline: float) -> HTTPConnection:
    *others, last = target.addresses
    for address in others:
        with suppress(HTTPError, OSError):
            return _open(target, address, deadline)
    return _open(target, last, deadline)


def _open(target: Target, address: str, deadline: float) -> HTTPConnection:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    connection = _connection(target, address, remaining)
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection


def _cut(sock: socket.socket) -> None:
    """End an exchange from outside: a timeout of the socket starts anew with every byte."""
    with suppress(OSError):
        # Not SSLSocket's own, which would have the reader go on without TLS.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _read(connection: HTTPConnection, deadline: float) -> Reply:
    response = connection.getresponse()
    if 300 <= response.status < 400:
        raise OutboundError(_("It redirects, which is not followed."))
    body = bytearray()
    while chunk := response.read(65536):
        body += chunk
        if len(body) > MOST_BYTES:
            raise OutboundError(_("Its answer is larger than 512 KiB."))
    if time.monotonic() >= deadline:
        # Cut off, which an answer without a length does not show.
        raise TimeoutError
    return Reply(response.status, bytes(body))


def _reason(error: Exception, host: str, deadline: float) -> str:
    """Return what to tell people: whose fault it is, and nothing of the answer."""
    if time.monotonic() >= deadline or isinstance(error, TimeoutError):
        return _too_slow(host)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return _("%(host)s has no certificate that this machine trusts.") % {"host": host}
    return _("%(host)s cannot be reached, or does not speak HTTP.") % {"host": host}
