"""The one middleware: every answer below the prefix is SCIM, from whatever layer it comes.

Host errors, slash redirects, the site's own error pages and exceptions of other
middleware lie outside an ``include``; this sees them on their way out.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch

from scim_provisioning import counters, logs, metrics
from scim_provisioning.protocol.errors import Forbidden, InvalidVersion
from scim_provisioning.resources import registry

from .exceptions import as_scim_error, error_response, for_status
from .prefix import root

REQUEST_ID = "X-Request-Id"
OF_A_TYPE = ("collection", "resource", "search")
"""URL names whose ``endpoint`` is a resource type's."""
VERSION = re.compile(r"v[0-9]+(\.[0-9]+)*(/|$)")


class ScimMiddleware:
    """Gives each request our own id, and SCIM's clients nothing but SCIM.

    ``request.is_scim`` tells the layers below whether a request is for SCIM: those for pages
    may step aside.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        request.scim_request_id = uuid4()  # type: ignore[attr-defined]
        logs.begin(request.scim_request_id)  # type: ignore[attr-defined]
        request.is_scim = _is_below_prefix(request)  # type: ignore[attr-defined]
        if not request.is_scim:  # type: ignore[attr-defined]
            response = self.get_response(request)
            if response.status_code == 404 and _names_a_version(request):
                response = error_response(InvalidVersion())
        else:
            started = time.perf_counter()
            response = self._scim(request)
            # What a site's LocaleMiddleware says is of its pages: SCIM is in one language.
            response.headers.pop("Content-Language", None)
            if metrics.is_on():
                _measure(request, response, time.perf_counter() - started)
            counters.flush_when_due()
        response[REQUEST_ID] = str(request.scim_request_id)  # type: ignore[attr-defined]
        return response

    def _scim(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.endswith("/") and request.path + "/" == root():
            # The bare base URL: nobody is redirected, and no POST loses its body by that.
            request.path, request.path_info = request.path + "/", request.path_info + "/"
        try:
            response = self.get_response(request)
        except Exception as error:
            return error_response(as_scim_error(error, request))
        return response if _is_scim(response) else _translated(request, response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what a view below the prefix did not foresee, under DEBUG too."""
        if not getattr(request, "is_scim", False):
            return None
        return error_response(as_scim_error(exception, request))


def _measure(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Count an answer by what was asked for: names of ours, for others can be made up."""
    match = request.resolver_match
    name = (match.url_name if match else None) or "nowhere"
    resource = _type_of(match.kwargs["endpoint"]) if match and name in OF_A_TYPE else name
    method = counters.known_method(request.method or "")
    metrics.answered(resource, method, response.status_code, seconds)


def _type_of(endpoint: str) -> str:
    try:
        mapping = registry.at(endpoint)
    except ImportError:
        # The answer says already that the site's resource types cannot be loaded.
        mapping = None
    return mapping.declared.name if mapping else "nowhere"


def _is_scim(response: HttpResponseBase) -> bool:
    """Whether it is our answer; a site's ConditionalGetMiddleware puts its own 304 in the place."""
    return hasattr(response, "scim") or response.status_code == 304


def _translated(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    """Return another layer's answer as SCIM; a success of theirs is none of ours."""
    location = response.get("Location", "")
    if location.startswith("https://") and not request.is_secure():
        return error_response(Forbidden("Use https."))
    status = response.status_code if response.status_code >= 300 else 404
    error = error_response(for_status(status))
    for name in ("Allow", "Retry-After"):
        if name in response:
            error[name] = response[name]
    return error


def _names_a_version(request: HttpRequest) -> bool:
    """Whether a path is the prefix with another version in it (RFC 7644 section 3.13)."""
    base, versioned, _ = _prefix().rpartition("v2/")
    rest = request.path[len(base) :] if request.path.startswith(base) else ""
    return bool(versioned and VERSION.match(rest))


def _prefix() -> str:
    try:
        return root()
    except NoReverseMatch:
        return ""


def _is_below_prefix(request: HttpRequest) -> bool:
    path = _prefix()
    return bool(path) and (request.path.startswith(path) or request.path == path.rstrip("/"))
