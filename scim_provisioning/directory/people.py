"""Whom an identity provider is about to send, by what it was refused while it was paused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from scim_provisioning.models import Connection, Exchange
from scim_provisioning.protocol.attributes import Json, lowered
from scim_provisioning.resources import registry
from scim_provisioning.resources.mapping import primary_value

BATCH = 200
BULK = "/Bulk"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of an export's line, or of a refused write; what is not known is empty."""

    position: int
    user_name: str
    email: str = ""
    external_id: str = ""


def refused(connection: Connection) -> Iterator[Person]:
    """Yield whom a connection wanted to create when it was answered 429, by its recording.

    Who was sent again comes again.
    """
    rows = refused_writes(connection).exclude(request_body="")
    keys = list(rows.order_by("time", "id").values_list("pk", flat=True))
    position = 0
    for start in range(0, len(keys), BATCH):
        bodies = Exchange.objects.in_bulk(keys[start : start + BATCH])
        for key in filter(bodies.__contains__, keys[start : start + BATCH]):
            for document in _documents(json.loads(bodies[key].request_body)):
                position += 1
                yield _named(position, document)


def refused_writes(connection: Connection) -> QuerySet[Exchange]:
    """Return the recorded exchanges that would have created users; some have no body."""
    bulk = Q(path__endswith=BULK) | Q(path__endswith=f"{BULK}/")
    users = Q(path__endswith=_users()) | Q(path__endswith=f"{_users()}/")
    rows = Exchange.objects.filter(connection=connection, status=429, method="POST")
    return rows.filter(users | bulk)


def _users() -> str:
    return registry.mapping("User").endpoint


def _documents(body: Json) -> Iterator[dict[str, Json]]:
    """Yield the users of a request: its body, or what a Bulk creates."""
    fields = lowered(body)
    operations = fields.get("operations")
    if not isinstance(operations, list):
        yield fields
        return
    for operation in map(lowered, operations):
        method, path = str(operation.get("method")), str(operation.get("path"))
        if method.upper() == "POST" and path.strip("/") == _users().strip("/"):
            yield lowered(operation.get("data"))


def _named(position: int, document: dict[str, Json]) -> Person:
    emails = document.get("emails")
    entries = [lowered(entry) for entry in emails] if isinstance(emails, list) else []
    found = (document.get("username"), primary_value(entries), document.get("externalid"))
    return Person(position, *(text if isinstance(text, str) else "" for text in found))
