"""The row of policies that every SCIM request passes; views hold only their own decision."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, InterfaceError, connections, transaction
from django.http import HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from scim_provisioning import auth, conf, counters, exchanges, hosting, ledger, metrics
from scim_provisioning.auth.principals import READ, WRITE
from scim_provisioning.context import Context, Principal
from scim_provisioning.models import State
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import Forbidden, InvalidFilter, ScimError, TooManyRequests
from scim_provisioning.protocol.policy import Policy
from scim_provisioning.quirks import standardize
from scim_provisioning.resources import custom

from . import database, exceptions, recording
from .authentication import ScimAuthentication
from .limits import check_rate, client_address
from .negotiation import (
    AcceptDecides,
    PlainRenderer,
    ScimParser,
    ScimRenderer,
    check_media_type,
    read_body,
    read_json,
)
from .prefix import root

logger = logging.getLogger("scim_provisioning.http")

READS = ("GET", "HEAD")
LANGUAGE = "en"


class ScimView(APIView):
    """A SCIM endpoint; nothing of it depends on the site's REST framework settings."""

    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    authentication_classes = [ScimAuthentication]
    permission_classes = []
    throttle_classes = []
    parser_classes = [ScimParser]
    renderer_classes = [ScimRenderer, PlainRenderer]
    content_negotiation_class = AcceptDecides
    versioning_class = None
    metadata_class = None
    format_kwarg = None
    schema = None

    context: Context | None = None
    sent: Json = None
    """The body, where it was read."""
    reads_by_post = False
    """Whether POST is a query."""
    statuses: Sequence[int] = ()
    """What became of the single operations of a Bulk."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view function: no CSRF, and no transaction around it in any database."""
        view = super().as_view(**initkwargs)
        for alias in connections:
            view = transaction.non_atomic_requests(alias)(view)
        return csrf_exempt(view)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer, note and log in one language; what the site's code said ends with the request."""
        translation.activate(LANGUAGE)
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            translation.deactivate()
            hosting.leave()

    def get_exception_handler(self) -> Any:
        """Errors are SCIM's, whatever the site set up."""
        return exceptions.handle

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, and check what the client may do."""
        self.started = time.perf_counter()
        self.context = None
        principal: Principal = request.user  # type: ignore[assignment]
        self.context = self._context(request, principal)
        custom.refresh(principal.schemas_changed)
        hosting.enter(self.context)
        self._narrow(request, self.context.policy)
        check_rate(principal)
        writes = not self._reads(self.context)
        if (WRITE if writes else READ) not in principal.scopes:
            raise Forbidden("The credential has no scope for that.")
        if writes and principal.state == State.PAUSED:
            detail = "The connection is paused."
            raise TooManyRequests(detail, retry_after=conf.current().paused_retry_after)

    def _narrow(self, request: Request, policy: Policy) -> None:
        """Hold the client to what its profile narrows besides bodies."""
        if not policy.plain_json:
            request.accepted_renderer = ScimRenderer()
            request.accepted_media_type = ScimRenderer.media_type
        if not policy.filters_anywhere and request.method not in READS and "filter" in request.GET:
            raise InvalidFilter("Only a GET takes a filter in its URL.")

    def _context(self, request: Request, principal: Principal) -> Context:
        # REST framework's request looks up each attribute in vain before it asks Django's.
        raw = request._request
        return Context(
            principal=principal,
            base_url=base_url(raw),
            method=raw.method or "",
            path=raw.path,
            address=client_address(raw),
            request_id=request_id(raw),
            started=self.started,
            if_match=raw.META.get("HTTP_IF_MATCH"),
            request=raw,
        )

    @property
    def asked(self) -> Context:
        """The context, behind authentication."""
        assert self.context is not None
        return self.context

    def body(self, request: Request, limit: int | None = None) -> Json:
        """Return the body, made standard for the connection's identity provider."""
        self.sent = self.raw_body(request, limit or conf.current().max_body_size)
        return standardize(self.sent, self.asked.principal.profile, self.asked.notes)

    def raw_body(self, request: Request, limit: int, named: str = "the limit") -> Json:
        """Return the body as it was sent, of at most that many bytes."""
        plain = self.asked.policy.plain_json
        check_media_type(request.META.get("CONTENT_TYPE", ""), plain=plain)
        return read_json(read_body(request._request, limit, named))

    def finalize_response(
        self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> Any:
        """Count the request, record it where asked, and note its credential's use.

        All of it comes once the answer is decided.
        """
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        response.scim = True  # type: ignore[attr-defined]
        self._measure(response.status_code)
        if self.context is not None:
            if self._reads(self.context):
                self._count(self.context, response.status_code)
            if exchanges.wanted(self.context.principal):
                recording.record(self.context, response)
            if response.status_code < 500:
                self._touch(self.context)
        return response

    def _reads(self, context: Context) -> bool:
        return context.method in READS or self.reads_by_post

    def _measure(self, status: int) -> None:
        """Count what only the view knows: whose request it was, and what it came to."""
        name = self.context.principal.connection_name if self.context else ""
        if status == 429:
            metrics.throttled(name)
        elif self.context is not None and not self._reads(self.context):
            for each in self.statuses or (status,):
                metrics.written(name, each)

    @staticmethod
    def _count(context: Context, status: int) -> None:
        who = context.principal
        counters.count(who.connection_id, None, context.method, status, who.credential_key)

    @staticmethod
    def _touch(context: Context) -> None:
        """Note the use of a credential; what fails here changes no answer: it is decided."""
        try:
            auth.touch(context.principal, context.address)
        except (DatabaseError, InterfaceError):
            logger.warning("The use of a credential could not be noted", exc_info=True)
            database.heal()

    def refused(self, error: ScimError) -> None:
        """Record a refused write of a known client; count what nobody known sent."""
        if self.context is None:
            raw = self.request._request if hasattr(self.request, "_request") else self.request
            counters.count(None, client_address(raw), raw.method or "", error.status)
        elif not self._reads(self.context):
            if error.status == 429:
                self._count(self.context, error.status)
            elif error.status != 503:
                ledger.refused(self.context, error, self.sent)


def base_url(request: Any) -> str:
    """Return the base of every location: the configured public URL, else the request's host."""
    site = hosting.installed().public_url(request) or conf.current().public_url
    path = root().rstrip("/")
    return f"{site.rstrip('/')}{path}" if site else f"{request.scheme}://{request.get_host()}{path}"


def request_id(request: Any) -> UUID:
    """Return our id of a request; the middleware made it, and shows it in the answer."""
    found: UUID | None = getattr(request, "scim_request_id", None)
    return found or uuid4()


def answer(body: Json, status: int = 200, **headers: str) -> Response:
    """Return a response with headers, underscores standing for hyphens."""
    response = Response(body, status=status)
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response
