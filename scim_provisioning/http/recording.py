"""A request and its answer, gathered for the recording of whole exchanges."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.response import Response

from scim_provisioning import conf, exchanges
from scim_provisioning.context import Context
from scim_provisioning.exchanges import HIDDEN, Message
from scim_provisioning.models import Dropped
from scim_provisioning.protocol.errors import PayloadTooLarge, ScimError

from .negotiation import ScimRenderer, read_body

ASKED = (
    *("Accept", "Content-Type", "Content-Length", "User-Agent"),
    *("If-Match", "If-None-Match", "Authorization"),
)
ANSWERED = ("ETag", "Location", "Retry-After", "Allow")
SCHEMES = ("basic", "bearer")


def record(context: Context, response: HttpResponse) -> None:
    """Record an exchange once its answer is decided."""
    raw = context.request
    query = raw.META.get("QUERY_STRING", "")
    exchanges.record(context, response.status_code, query, _request(raw), _answer(response))


def _request(raw: Any) -> Message:
    headers = {name: raw.headers[name] for name in ASKED if name in raw.headers}
    if "Authorization" in headers:
        headers["Authorization"] = _without_credentials(headers["Authorization"])
    return _message(headers, *_sent(raw))


def _without_credentials(header: str) -> str:
    """Return an ``Authorization`` header's scheme; what is none of ours may be a bare token."""
    scheme = header.split(" ", 1)[0]
    return f"{scheme} {HIDDEN}" if scheme.lower() in SCHEMES else HIDDEN


def _sent(raw: Any) -> tuple[bytes, str]:
    """Return the body, read now where a refusal came before it was, and why it is not there."""
    try:
        return read_body(raw, conf.current().exchange_body_size), ""
    except PayloadTooLarge:
        return b"", Dropped.LARGE
    except ScimError:
        return b"", Dropped.UNREADABLE


def _answer(response: HttpResponse) -> Message:
    headers = {name: response[name] for name in ANSWERED if name in response}
    if not isinstance(response, Response):
        headers["Content-Type"] = response["Content-Type"]
        return _message(headers, response.content)
    body = ScimRenderer().render(response.data)
    if body:
        headers["Content-Type"] = response.accepted_media_type
    return _message(headers, body)


def _message(headers: dict[str, str], body: bytes, dropped: str = "") -> Message:
    if len(body) > conf.current().exchange_body_size:
        return Message(headers, b"", Dropped.LARGE)
    return Message(headers, body, dropped)
