"""Whole exchanges of a connection, recorded while an administrator wants it.

Off by default and always until a time, which comes with the principal: off costs no
statement. What schemas call secret is hidden before anything is written.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from . import conf
from .context import Context, Principal
from .ledger import SECRET, is_secret, storable
from .models import Dropped, Exchange
from .protocol.attributes import Attribute, Json
from .protocol.messages import SEARCH_FIELDS
from .resources import registry
from .statements import insert

logger = logging.getLogger(__name__)

HIDDEN = "[hidden]"
LONGEST_HEADER = 500
LONGEST_QUERY = 2000
PARAMETERS = frozenset(SEARCH_FIELDS.values())
ROW = 200
"""Bytes that a row takes besides what was sent."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer as it was sent; a body that is not there may have been dropped."""

    headers: Mapping[str, str]
    body: bytes = b""
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Names of attributes whose values nobody sees, folded: alone, and below another."""

    names: frozenset[str]
    below: frozenset[tuple[str, str]]

    def hide(self, value: Json, parent: str = "") -> Json:
        """Return JSON with the secret values hidden, in whatever letter case they are named."""
        if isinstance(value, dict):
            return self._members(value, parent)
        if isinstance(value, list):
            return [self.hide(part, parent) for part in value]
        return self.text(value) if isinstance(value, str) else value

    def _members(self, value: dict[str, Json], parent: str) -> dict[str, Json]:
        """Hide within an object, which may be a PATCH operation: its path names its value."""
        path = next((v for k, v in value.items() if k.lower() == "path"), None)
        named = path if isinstance(path, str) else ""
        return {
            key: self._member(named if key.lower() == "value" and named else key, part, parent)
            for key, part in value.items()
        }

    def _member(self, path: str, value: Json, parent: str) -> Json:
        parts = _parts(path)
        if self._is_secret(parts, parent):
            return HIDDEN
        if path.lower() == "filter" and isinstance(value, str) and self.names_one(value):
            return HIDDEN
        return self.hide(value, parts[-1])

    def _is_secret(self, parts: list[str], parent: str) -> bool:
        pairs = zip([parent, *parts], parts, strict=False)
        return any(SECRET in part or part in self.names for part in parts) or any(
            pair in self.below for pair in pairs
        )

    def text(self, text: str) -> str:
        """Return a string, but for JSON within it, or a path with a filter, that names a secret."""
        structured = text.lstrip()[:1] in ("{", "[") or "[" in text
        return HIDDEN if structured and self.names_one(text) else text

    def names_one(self, text: str) -> bool:
        """Whether a text mentions a secret attribute."""
        folded = text.lower()
        owners = {owner for owner, _ in self.below}
        return any(name in folded for name in (SECRET, *self.names, *owners))


def _parts(path: str) -> list[str]:
    """Return the attribute, and the sub-attribute, that a key or a path of PATCH ends in."""
    head, _, rest = path.partition("[")
    name = head.rpartition(":")[2] + rest.rpartition("]")[2]
    return name.lower().split(".")


def secrets() -> Secrets:
    """Return what the schemas in use call secret."""
    names, below = set(), set()
    for attribute in _attributes():
        if is_secret(attribute):
            names.add(attribute.name.lower())
        for sub in filter(is_secret, attribute.sub_attributes):
            below.add((attribute.name.lower(), sub.name.lower()))
    return Secrets(frozenset(names), frozenset(below))


def _attributes() -> Iterator[Attribute]:
    for mapping in registry.mappings():
        declared = mapping.declared
        for schema in (declared.schema, *mapping.resource_type.extensions, *declared.extensions):
            yield from schema.attributes


def wanted(principal: Principal) -> bool:
    """Whether exchanges of this client are recorded now."""
    until = principal.records_until
    return until is not None and timezone.now() < until


def used(connection_id: int) -> int:
    """Return how many bytes a connection's exchanges take."""
    rows = Exchange.objects.filter(connection=connection_id).order_by()
    return rows.aggregate(sum=Sum("size"))["sum"] or 0


def record(context: Context, status: int, query: str, sent: Message, given: Message) -> None:
    """Record an exchange whose answer is decided: what fails here changes nothing of it.

    A connection whose exchanges take too much room already records no more.
    """
    try:
        row = _row(context, status, query, sent, given)
        with transaction.atomic():
            if used(row["connection"]) + row["size"] <= conf.current().exchange_total_size:
                insert(Exchange, [row])
    except Exception:
        logger.warning("An exchange could not be recorded", exc_info=True)


def _row(
    context: Context, status: int, query: str, sent: Message, given: Message
) -> dict[str, Any]:
    hidden = secrets()
    request_body, request_dropped = _body(sent, hidden)
    response_body, response_dropped = _body(given, hidden)
    row = {
        "time": timezone.now(),
        "connection": context.principal.connection_id,
        "request_id": context.request_id,
        "method": context.method[:10],
        "path": storable(context.path, 200),
        "query": _query(query, hidden),
        "status": status,
        "duration_ms": round((time.perf_counter() - context.started) * 1000, 2),
        "request_headers": _headers(sent),
        "request_body": request_body,
        "request_dropped": request_dropped,
        "response_headers": _headers(given),
        "response_body": response_body,
        "response_dropped": response_dropped,
    }
    texts = ("query", "request_body", "response_body", "request_headers", "response_headers")
    return {**row, "size": ROW + sum(len(str(row[name])) for name in texts)}


def _headers(message: Message) -> dict[str, str]:
    return {name: storable(text, LONGEST_HEADER) for name, text in message.headers.items()}


def _body(message: Message, hidden: Secrets) -> tuple[str, str]:
    """Return a body without secrets as text, and why there is none."""
    if message.dropped or not message.body:
        return "", message.dropped
    try:
        body = json.loads(message.body)
        if not isinstance(body, dict):
            return "", Dropped.UNREADABLE
        # Escapes hold every character, those too that no database takes.
        text = json.dumps(hidden.hide(body))
    except (ValueError, RecursionError):
        return "", Dropped.UNREADABLE
    too_long = len(text) > 6 * conf.current().exchange_body_size
    return ("", Dropped.LARGE) if too_long else (text, "")


def _query(query: str, hidden: Secrets) -> str:
    """Return the query of a URL: values of what SCIM knows, and of nothing else."""
    pairs = parse_qsl(query, keep_blank_values=True)
    shown = [
        (name, value if name in PARAMETERS and not hidden.names_one(value) else HIDDEN)
        for name, value in pairs
    ]
    return storable(urlencode(shown, safe="[]"), LONGEST_QUERY)
