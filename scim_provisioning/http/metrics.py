"""``/metrics`` for Prometheus: for who holds the token, or asks on the machine itself.

A site gives it a URL, ``path("metrics", login_not_required(scrape))``.
"""

from __future__ import annotations

from hmac import compare_digest
from ipaddress import ip_address
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from scim_provisioning import conf, metrics

FORWARDED = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED", "HTTP_X_REAL_IP")
"""What the headers that proxies add begin with: a request of theirs is somebody else's."""


def scrape(request: HttpRequest, *collectors: Any) -> HttpResponse:
    """Tell what was counted; ``collectors`` are a site's own, asked at this moment."""
    if metrics.instruments is None:
        raise Http404
    if not (_has_token(request) or _is_local(request)):
        response = HttpResponse("A token is needed.\n", content_type="text/plain", status=401)
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    content, media_type = metrics.exposition(*collectors)
    return HttpResponse(content, content_type=media_type, headers={"Cache-Control": "no-store"})


def _has_token(request: HttpRequest) -> bool:
    wanted = conf.current().metrics_token
    scheme, _, sent = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if not wanted or scheme.lower() != "bearer":
        return False
    return compare_digest(sent.strip().encode(), wanted.encode())


def _is_local(request: HttpRequest) -> bool:
    if any(name.startswith(FORWARDED) for name in request.META):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        return False
