"""Events as a file, streamed: a batch of rows in memory, however many there are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, QuerySet
from django.http import StreamingHttpResponse

from scim_provisioning.protocol.identifiers import shown

from .keyset import batches

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    *("time", "connection", "acting_user", "credential", "credential_key", "address"),
    *("method", "path", "status", "scim_type", "detail", "duration_ms"),
    *("resource_type", "resource_id", "resource_name", "request_id"),
)
DOCUMENTS = ("changes", "notes")


def defused(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    """Return what is exported of an event; times are UTC."""
    identifier = row["resource_id"]
    facts = {
        **row,
        "time": row["time"].isoformat(),
        "connection": row["connection_name"],
        "resource_id": identifier and shown(identifier),
    }
    return {name: facts[name] for name in (*COLUMNS, *DOCUMENTS)}


def _batches(events: QuerySet[Any]) -> Iterator[Iterator[dict[str, Any]]]:
    """Yield what is exported, without a model's instance for each row."""
    names = {*COLUMNS, *DOCUMENTS, "connection_name"} - {"time", "connection"}
    named = events.annotate(connection_name=F("connection__name"))
    for batch in batches(named, sorted(names)):
        yield map(_facts, batch)


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def as_csv(events: QuerySet[Any]) -> Iterator[str]:
    """Return a table with a head, for spreadsheets: cells that begin a formula are defused."""
    return table([*COLUMNS, *DOCUMENTS], (map(_cells, batch) for batch in _batches(events)))


def _cells(facts: dict[str, Any]) -> list[Any]:
    documents = (_json(facts[name]) for name in DOCUMENTS)
    return [*(facts[name] for name in COLUMNS), *documents]


def table(head: Sequence[str], batches: Iterable[Iterable[Iterable[Any]]]) -> Iterator[str]:
    """Yield a table as CSV, a batch of rows at a time, its cells defused."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for batch in batches:
        writer.writerows(map(defused, cells) for cells in batch)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def as_json(events: QuerySet[Any]) -> Iterator[str]:
    """Yield one list of objects."""
    separator = "[\n"
    for batch in _batches(events):
        yield separator + ",\n".join(map(_json, batch))
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


FORMATS: dict[str, tuple[str, Callable[[QuerySet[Any]], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "json": ("application/json", as_json),
}


def download(events: QuerySet[Any], format: str) -> StreamingHttpResponse:
    """Return the events as a file of one of the formats."""
    content_type, write = FORMATS[format]
    response = StreamingHttpResponse(write(events), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="provisioning-events.{format}"'
    response["Cache-Control"] = "no-store, private"
    return response
