"""One exception per SCIM error (RFC 7644 section 3.12), raised at any layer.

Raising is the way to answer with an error. Only ``http.exceptions`` turns these
into responses; ``detail`` is shown to the client, so it names attribute paths
and never holds credentials, filter values of others, or database text.
"""

from __future__ import annotations

from typing import ClassVar


class ScimError(Exception):
    """An error with an HTTP status and, where the RFC has one, a ``scimType``."""

    status: ClassVar[int] = 500
    scim_type: ClassVar[str | None] = None
    default_detail: ClassVar[str] = "The server could not complete the request."

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.default_detail
        super().__init__(self.detail)


class BadRequest(ScimError):
    """400: the request is not valid, and no ``scimType`` fits better."""

    status = 400
    default_detail = "The request is not valid."


class InvalidFilter(BadRequest):
    """400 ``invalidFilter``: the filter does not parse, or names what is not filterable."""

    scim_type = "invalidFilter"


class TooMany(BadRequest):
    """400 ``tooMany``: the query would produce more results than the server returns."""

    scim_type = "tooMany"


class InvalidSyntax(BadRequest):
    """400 ``invalidSyntax``: the body is not JSON, or not of the form the RFC asks for."""

    scim_type = "invalidSyntax"


class InvalidPath(BadRequest):
    """400 ``invalidPath``: a PATCH path, or ``sortBy``, names no attribute."""

    scim_type = "invalidPath"


class NoTarget(BadRequest):
    """400 ``noTarget``: a PATCH path matched nothing it could work on."""

    scim_type = "noTarget"


class InvalidValue(BadRequest):
    """400 ``invalidValue``: a value is missing, or of the wrong type or form."""

    scim_type = "invalidValue"


class InvalidCursor(BadRequest):
    """400 ``invalidCursor``: not a cursor of this query and this client (RFC 9865 section 2.1)."""

    scim_type = "invalidCursor"
    default_detail = (
        "The cursor belongs to no such query: send an empty one for the first page, then "
        "nextCursor or previousCursor with all other parameters as they were."
    )


class ExpiredCursor(BadRequest):
    """400 ``expiredCursor``: the client waited longer than cursorTimeout (RFC 9865 section 2.1)."""

    scim_type = "expiredCursor"
    default_detail = "The cursor has expired: begin again with an empty one."


class InvalidCount(BadRequest):
    """400 ``invalidCount``: another ``count`` than the cursor has (RFC 9865 section 2.1)."""

    scim_type = "invalidCount"


class InvalidVersion(BadRequest):
    """400 ``invalidVers``: the protocol version is not supported."""

    scim_type = "invalidVers"


class MutabilityError(BadRequest):
    """400 ``mutability``: the attribute may not be changed in this way."""

    scim_type = "mutability"


class Unauthorized(ScimError):
    """401: no credentials, or refused ones; the same detail for every cause."""

    status = 401
    default_detail = "Authentication is required, or the credentials were refused."


class Forbidden(ScimError):
    """403: the client is known and may not do this."""

    status = 403
    default_detail = "This client may not do that."


class Sensitive(Forbidden):
    """403 ``sensitive``: personal data must not be sent in a URL."""

    scim_type = "sensitive"


class NotFound(ScimError):
    """404: no such resource or endpoint."""

    status = 404
    default_detail = "Not found."


class MethodNotAllowed(ScimError):
    """405: the endpoint does not know the method."""

    status = 405
    default_detail = "The method is not allowed here."


class Conflict(ScimError):
    """409: the resource is in a state that forbids it, or another request changes it just now."""

    status = 409
    default_detail = "The request conflicts with the state of the resource."


class Uniqueness(Conflict):
    """409 ``uniqueness``: another resource holds the value already."""

    scim_type = "uniqueness"


class PreconditionFailed(ScimError):
    """412: ``If-Match`` names another version than the stored one."""

    status = 412
    default_detail = "The resource has changed since that version."


class PreconditionRequired(ScimError):
    """428: this client's writes have to name a version (RFC 6585 section 3).

    Not 412, which says that a condition was tried and did not hold.
    """

    status = 428
    default_detail = "Name the version to change, by If-Match or in Bulk by version."


class PayloadTooLarge(ScimError):
    """413: the body, or the number of operations, is over a limit that ``detail`` names."""

    status = 413
    default_detail = "The request is too large."


class UnsupportedMediaType(ScimError):
    """415: the body is neither ``application/scim+json`` nor ``application/json``."""

    status = 415
    default_detail = "Send application/scim+json."


class Retryable(ScimError):
    """An error that goes away by itself; ``retry_after`` is in whole seconds."""

    def __init__(self, detail: str | None = None, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(detail)


class TooManyRequests(Retryable):
    """429: too many requests or refused passwords, or the connection is paused."""

    status = 429
    default_detail = "Too many requests."


class Unsupported(ScimError):
    """501: an optional part of the protocol that this server does not offer."""

    status = 501
    default_detail = "This server does not support that."


class Unavailable(Retryable):
    """503: the database, or the issuer's keys, cannot be reached."""

    status = 503
    default_detail = "The service is not available at the moment."
