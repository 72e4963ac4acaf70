"""JSON in and out: what a body may be, and in which media type an answer goes."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import InvalidSyntax, PayloadTooLarge, UnsupportedMediaType

SCIM = "application/scim+json"
PLAIN = "application/json"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def read_json(content: bytes) -> Json:
    """Return the JSON of a body; raise InvalidSyntax for anything else, however it is broken."""
    try:
        return json.loads(content.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidSyntax("The body is not valid JSON in UTF-8.") from None


def read_body(request: Any, limit: int) -> bytes:
    """Return a body of at most ``limit`` bytes, read no further; raise PayloadTooLarge."""
    too_large = PayloadTooLarge(f"The body is larger than {limit} bytes.")
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > limit:
        raise too_large
    if hasattr(request, "_body"):
        content: bytes = request._body
    else:
        content = (
            request.read(limit + 1) if length or "HTTP_TRANSFER_ENCODING" in request.META else b""
        )
        # Whoever asks for the body after this finds it.
        request._body = content
    if len(content) > limit:
        raise too_large
    return content


def check_media_type(content_type: str) -> None:
    """Raise UnsupportedMediaType for a body that says it is not JSON in UTF-8."""
    media, _, parameters = content_type.partition(";")
    if media.strip().lower() not in ("", SCIM, PLAIN):
        raise UnsupportedMediaType
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "').lower() not in ("utf-8", "utf8"):
            raise UnsupportedMediaType("Send UTF-8.")


class ScimParser(BaseParser):
    """Reads nothing by itself: views read their body under their own limit."""

    media_type = "*/*"


class ScimRenderer(BaseRenderer):
    """Writes JSON; unassigned is left out before, so that nothing is null."""

    media_type = SCIM
    format = "scim"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """Return the body, empty where there is none."""
        if data is None:
            return b""
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


class PlainRenderer(ScimRenderer):
    """The same as ``application/json``, which OneLogin asks for."""

    media_type = PLAIN
    format = "json"


class AcceptDecides(BaseContentNegotiation):
    """``application/scim+json`` unless ``Accept`` names ``application/json`` and not the other."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser:
        """There is one."""
        parser: BaseParser = parsers[0]
        return parser

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer and its media type."""
        plain = wants_plain(request.META.get("HTTP_ACCEPT", ""))
        renderer: BaseRenderer = renderers[1] if plain else renderers[0]
        return renderer, renderer.media_type


def wants_plain(accept: str) -> bool:
    """Whether ``Accept`` prefers plain JSON to SCIM's media type."""
    weights = {}
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        weights[media] = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
    return weights.get(PLAIN, 0.0) > weights.get(SCIM, 0.0)


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
