"""Bulk requests taken apart (RFC 7644 section 3.7): operations, and what they refer to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote
from uuid import UUID, uuid4

from . import urns
from .attributes import Json, lowered
from .errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError
from .references import MARK, References

METHODS = ("POST", "PUT", "PATCH", "DELETE")
Reserve = Callable[[Sequence[Mapping[str, Json]]], Sequence[UUID | None]]
"""Returns the ids that creates will have, by their fields in lower case; None for a fresh one."""
MEMBERS = "members"
"""The attribute whose values have to be there already; others may name who is yet to come."""


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation, references replaced by the ids that the resources will have.

    ``id`` is that of the resource: reserved for a POST, None where the path names none.
    ``refers`` and ``members`` are the places of the operations that it refers to at all, and
    as members; ``problem`` is what is wrong with its form.
    """

    place: int
    method: str
    bulk_id: str | None
    version: str | None
    path: str
    endpoint: str
    id: str | None
    data: Json
    refers: frozenset[int] = frozenset()
    members: frozenset[int] = frozenset()
    problem: ScimError | None = None

    @property
    def creates(self) -> bool:
        """Whether it makes a resource."""
        return self.method == "POST"


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """A whole request; ``fail_on_errors`` is None where every operation is tried."""

    operations: tuple[BulkOperation, ...]
    fail_on_errors: int | None = None


def parse(
    body: Json, *, max_operations: int, reserve: Reserve = lambda creates: [None] * len(creates)
) -> BulkRequest:
    """Return a request; it takes the body over and changes it.

    Raises InvalidSyntax or InvalidValue for what is no list of operations, PayloadTooLarge
    for too long a list. What is wrong with one operation is that one's problem.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("The body has to be a JSON object.")
    fields = lowered(body)
    schemas = fields.get("schemas")
    given = schemas if isinstance(schemas, list) else []
    if urns.BULK_REQUEST.lower() not in [urn.lower() for urn in given if isinstance(urn, str)]:
        raise InvalidSyntax(f"schemas has to hold {urns.BULK_REQUEST}.")
    limit = fields.get("failonerrors")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise InvalidValue("failOnErrors has to be an integer of at least 1.")
    operations = _listed(fields.get("operations"), max_operations)
    return BulkRequest(_Reader(operations, reserve).operations(), limit)


def _listed(operations: Json, most: int) -> list[dict[str, Json]]:
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax("Operations has to be a list of at least one operation.")
    if len(operations) > most:
        raise PayloadTooLarge(f"The number of operations exceeds maxOperations ({most}).")
    if not all(isinstance(operation, dict) for operation in operations):
        raise InvalidSyntax("Every operation has to be an object.")
    return list(map(lowered, operations))


def _text(fields: Mapping[str, Json], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _method(fields: Mapping[str, Json]) -> str:
    return (_text(fields, "method") or "")[:20].upper()


class _Reader:
    """Reads the operations of one request."""

    def __init__(self, raw: list[dict[str, Json]], reserve: Reserve) -> None:
        self.raw = raw
        creating = [
            (place, name)
            for place, fields in enumerate(raw)
            if _method(fields) == "POST" and (name := _text(fields, "bulkid"))
        ]
        self.counts = Counter(name for _, name in creating)
        reserved = reserve([raw[place] for place, _ in creating])
        self.ids: dict[str, tuple[int, UUID]] = {
            name: (place, found or uuid4())
            for (place, name), found in zip(creating, reserved, strict=True)
        }

    def operations(self) -> tuple[BulkOperation, ...]:
        """Return all of them, in the client's order."""
        return tuple(self._operation(place, fields) for place, fields in enumerate(self.raw))

    def _operation(self, place: int, fields: dict[str, Json]) -> BulkOperation:
        operation = self._formed(place, fields)
        try:
            self._check(operation, fields)
            return self._resolved(operation)
        except ScimError as problem:
            return replace(operation, problem=problem)

    def _formed(self, place: int, fields: dict[str, Json]) -> BulkOperation:
        """Return an operation as far as its fields are of the right type."""
        method, path = _method(fields), _text(fields, "path") or ""
        bulk_id = _text(fields, "bulkid")
        endpoint, _, rest = path.strip("/").partition("/")
        identifier = unquote(rest) or None
        if method == "POST" and bulk_id in self.ids and identifier is None:
            identifier = str(self.ids[bulk_id][1])
        return BulkOperation(
            place,
            method,
            bulk_id,
            _text(fields, "version"),
            path,
            f"/{endpoint}",
            identifier,
            fields.get("data"),
        )

    def _check(self, operation: BulkOperation, fields: dict[str, Json]) -> None:
        """Raise InvalidSyntax or InvalidValue for an operation of the wrong form."""
        if operation.method not in METHODS:
            raise InvalidSyntax(f"method has to be one of {', '.join(METHODS)}.")
        for name in ("bulkId", "version", "path"):
            if not isinstance(fields.get(name.lower(), ""), str | None):
                raise InvalidSyntax(f"{name} has to be a string.")
        names_one = "/" in operation.path.strip("/")
        if operation.endpoint == "/" or names_one == operation.creates:
            wanted = "an endpoint, as /Users" if operation.creates else "a resource, as /Users/{id}"
            raise InvalidSyntax(f"path has to be that of {wanted}.")
        if operation.method != "DELETE" and operation.data is None:
            raise InvalidSyntax("data is required.")
        if operation.creates:
            self._check_bulk_id(operation.bulk_id)

    def _check_bulk_id(self, name: str | None) -> None:
        if not name:
            raise InvalidSyntax("bulkId is required.")
        if self.counts[name] > 1:
            raise InvalidValue(f"{MARK}{name[:80]} is given to more than one operation.")

    def _resolved(self, operation: BulkOperation) -> BulkOperation:
        """Return an operation without references; raise InvalidValue for unknown ones."""
        found, members = References(self.ids), References(self.ids)
        identifier = operation.id or ""
        if not operation.creates:
            identifier = found.text("id", identifier)
        for key, value in _entries(operation.data):
            name, holder = key.lower(), {key: value}
            (members if name == MEMBERS else found).resolve(holder, name)
            operation.data[key] = holder[key]
        itself = {operation.place}
        return replace(
            operation,
            id=identifier,
            refers=frozenset((found.met | members.met) - itself),
            members=frozenset(members.met - itself),
        )


def _entries(data: Json) -> list[tuple[str, Json]]:
    return list(data.items()) if isinstance(data, dict) else []
