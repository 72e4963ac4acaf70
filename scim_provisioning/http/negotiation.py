"""JSON in and out: what a body may be, and in which media type an answer goes."""

from __future__ import annotations

import json
from collections import Counter
from math import isinf
from typing import Any, NoReturn

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from scim_provisioning.ledger import UNSTORABLE
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import InvalidSyntax, PayloadTooLarge, UnsupportedMediaType

SCIM = "application/scim+json"
PLAIN = "application/json"
WILDCARDS = ("application/*", "*/*")
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(text)
    return number


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object; raise InvalidSyntax where it names something twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise InvalidSyntax(f"{twice[:80]!a} is given twice.")
    return found


def read_json(content: bytes) -> Json:
    """Return the JSON of a body; raise InvalidSyntax for anything else, however it is broken."""
    try:
        text = content.decode()
        body = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_once
        )
    except (ValueError, RecursionError):
        raise InvalidSyntax("The body is not valid JSON in UTF-8.") from None
    # Raw ones are refused above, so only an escape can bring them in; escapes are rare.
    if "\\u" in text:
        _check_names(body)
    return body


def _check_names(body: Json) -> None:
    """Raise InvalidSyntax for names that cannot be noted; values are checked where they go."""
    left = [body]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if any(map(UNSTORABLE.search, value)):
                raise InvalidSyntax("An attribute name holds NUL or half a surrogate pair.")
            left += value.values()
        elif isinstance(value, list):
            left += value


def read_body(request: Any, limit: int, named: str = "the limit") -> bytes:
    """Return a body of at most ``limit`` bytes, read no further; raise PayloadTooLarge."""
    too_large = PayloadTooLarge(f"The body is larger than {named} of {limit} bytes.")
    length = _declared_length(request)
    if length is not None and length > limit:
        raise too_large
    if not hasattr(request, "_body"):
        # Whoever asks for the body after this finds it.
        request._body = _read(request, length, limit + 1)
    content: bytes = request._body
    if len(content) > limit:
        raise too_large
    return content


def _declared_length(request: Any) -> int | None:
    """Return ``Content-Length``, None where there is none; raise InvalidSyntax."""
    text = request.META.get("CONTENT_LENGTH") or ""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise InvalidSyntax("Content-Length is not a number of bytes.")
    return int(text)


def _read(request: Any, length: int | None, most: int) -> bytes:
    """Return at most ``most`` bytes; raise InvalidSyntax where the client broke off."""
    environ = getattr(request, "environ", {})
    # Django takes a chunked body for an empty one; servers that end it themselves say so.
    ended = length is None and environ.get("wsgi.input_terminated")
    stream = environ["wsgi.input"] if ended else request
    parts = []
    while most > 0:
        try:
            part = stream.read(most)
        except Exception as error:
            # Each server has its own exceptions for a broken chunk; below this is no code of ours.
            raise InvalidSyntax("The body could not be read to its end.") from error
        if not part:
            break
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def check_media_type(content_type: str, *, plain: bool = True) -> None:
    """Raise UnsupportedMediaType for a body that says it is not JSON in UTF-8.

    ``plain`` takes ``application/json``, and a body that says nothing.
    """
    media, _, parameters = content_type.partition(";")
    if media.strip().lower() not in (("", SCIM, PLAIN) if plain else (SCIM,)):
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
        text = ENCODER.encode(data)
        # What an error's detail quotes may be half a surrogate pair: its escape is JSON.
        return text.encode(errors="backslashreplace")


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
        plain = wants_plain(request._request.META.get("HTTP_ACCEPT", ""))
        renderer: BaseRenderer = renderers[1] if plain else renderers[0]
        return renderer, renderer.media_type


def wants_plain(accept: str) -> bool:
    """Whether ``Accept`` names plain JSON, and prefers it to SCIM's media type."""
    if PLAIN not in accept.lower():
        return False
    weights = {}
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        weights[media] = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
    wanted = weights.get(PLAIN, 0.0)
    if SCIM in weights:
        return wanted > weights[SCIM]
    # Who names the one and not the other means it, unless wildcards weigh more.
    return wanted > 0 and wanted >= max(weights.get(any_, 0.0) for any_ in WILDCARDS)


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
