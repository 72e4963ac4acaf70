"""The content security policy of every page: nothing from other hosts, nothing inline."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "Content-Security-Policy"
# No form-action: browsers apply it to redirects too, and signing out may lead to the issuer.
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"


class ContentSecurityPolicyMiddleware:
    """Adds the policy to pages, unless a view has set its own.

    Django brings such a middleware from 6.0 on; this one serves 5.2 as well.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and tell the browser what the page may load."""
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html") and not _is_debug(response):
            response.headers.setdefault(HEADER, POLICY)
        return response


def _is_debug(response: HttpResponseBase) -> bool:
    """Whether it is one of Django's pages for developers, which bring inline styles."""
    return settings.DEBUG and response.status_code in (404, 500)
