"""The one middleware: every answer below the prefix is SCIM, from whatever layer it comes.

Host errors, slash redirects, the site's own error pages and exceptions of other
middleware lie outside an ``include``; this sees them on their way out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, reverse

from scim_provisioning import counters

from .exceptions import as_scim_error, error_response, for_status

REQUEST_ID = "X-Request-Id"


class ScimMiddleware:
    """Gives each request our own id, and SCIM's clients nothing but SCIM."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        request.scim_request_id = uuid4()  # type: ignore[attr-defined]
        if not _is_below_prefix(request):
            response = self.get_response(request)
        else:
            response = self._scim(request)
            counters.flush_when_due()
        response[REQUEST_ID] = str(request.scim_request_id)  # type: ignore[attr-defined]
        return response

    def _scim(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response = self.get_response(request)
        except Exception as error:
            return error_response(as_scim_error(error))
        return response if hasattr(response, "scim") else _translated(response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what a view below the prefix did not foresee, under DEBUG too."""
        return error_response(as_scim_error(exception)) if _is_below_prefix(request) else None


def _translated(response: HttpResponseBase) -> HttpResponse:
    """Return another layer's answer as SCIM; a success of theirs is none of ours."""
    status = response.status_code if response.status_code >= 300 else 404
    error = error_response(for_status(status))
    for name in ("Allow", "Retry-After"):
        if name in response:
            error[name] = response[name]
    return error


def _is_below_prefix(request: Any) -> bool:
    try:
        root: str = reverse("scim:root")
    except NoReverseMatch:
        return False
    return bool(request.path.startswith(root) or request.path == root.rstrip("/"))
