"""The only place that builds error responses, for every layer's exceptions."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.exceptions import MethodNotAllowed as RestMethodNotAllowed

from scim_provisioning import auth, metrics
from scim_provisioning.protocol import errors, messages
from scim_provisioning.protocol.errors import ScimError

from . import database
from .negotiation import SCIM, ScimRenderer

logger = logging.getLogger("scim_provisioning.http")

BY_STATUS: dict[int, type[ScimError]] = {
    400: errors.BadRequest,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    409: errors.Conflict,
    412: errors.PreconditionFailed,
    413: errors.PayloadTooLarge,
    415: errors.UnsupportedMediaType,
    428: errors.PreconditionRequired,
    429: errors.TooManyRequests,
    501: errors.Unsupported,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
}
DJANGO: tuple[tuple[type[Exception], type[ScimError]], ...] = (
    (Http404, errors.NotFound),
    (PermissionDenied, errors.Forbidden),
    (RequestDataTooBig, errors.PayloadTooLarge),
    (SuspiciousOperation, errors.BadRequest),
)


def as_scim_error(exception: Exception, request: Any) -> ScimError:
    """Return the SCIM error for any exception; what nobody foresaw is logged and is 500."""
    if isinstance(exception, ScimError):
        return exception
    if found := database.translate(exception):
        if isinstance(found, errors.Unavailable):
            metrics.unavailable()
        _log(logging.WARNING, "Database trouble", exception, request)
        return found
    for kind, error in DJANGO:
        if isinstance(exception, kind):
            return error()
    if isinstance(exception, APIException):
        return BY_STATUS.get(exception.status_code, errors.BadRequest)()
    _log(logging.ERROR, "Unforeseen error", exception, request)
    return ScimError()


def _log(level: int, message: str, exception: Exception, request: Any) -> None:
    """Log a traceback under the id that the client was shown."""
    raw = getattr(request, "_request", request)
    shown = getattr(raw, "scim_request_id", None)
    logger.log(
        level, "%s in request %s", message, shown, exc_info=exception, extra={"request": raw}
    )


def for_status(status: int) -> ScimError:
    """Return the SCIM error for an answer that another layer gave."""
    if status in BY_STATUS:
        return BY_STATUS[status]()
    if 300 <= status < 400:
        return errors.NotFound()
    return errors.BadRequest() if status < 500 else ScimError()


def error_response(error: ScimError, *, sent_token: bool = False) -> HttpResponse:
    """Return the response of an error, always as SCIM's media type."""
    body = ScimRenderer().render(messages.error(error))
    response = HttpResponse(body, content_type=SCIM, status=error.status)
    if isinstance(error, errors.Retryable):
        response["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.Unauthorized):
        response["WWW-Authenticate"] = auth.challenge(error=sent_token)
    response.scim = True  # type: ignore[attr-defined]
    return response


def sent_token(header: str) -> bool:
    """Whether an ``Authorization`` header holds a token: after ``Bearer``, or bare."""
    scheme, space, _ = header.strip().partition(" ")
    return bool(scheme) and (scheme.lower() == "bearer" or not space)


def handle(exception: Exception, context: dict[str, Any]) -> HttpResponse:
    """Answer an exception of a view, and record the refusal of a known client's write."""
    error = as_scim_error(exception, context["request"])
    if error.status >= 500:
        database.heal()
    request = context["request"]
    sent = sent_token(request.META.get("HTTP_AUTHORIZATION", ""))
    response = error_response(error, sent_token=sent)
    if isinstance(exception, RestMethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    context["view"].refused(error)
    return response
