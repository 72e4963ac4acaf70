"""PATCH requests taken apart (RFC 7644 section 3.5.2): operations with their targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from . import urns
from .attributes import Json, Mutability, ResourceType, Target, lowered
from .errors import (
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    MutabilityError,
    NoTarget,
    PayloadTooLarge,
)
from .evaluate import select
from .grammar import parse_path
from .membership import MemberChange, member_ids, split_members
from .operations import Operation
from .patching import apply
from .policy import Policy
from .tree import terms
from .validation import tolerate

MOST_TERMS = 2000
"""Comparisons in all paths together; those of members each become a part of a query."""


def parse(
    body: Json,
    resource_type: ResourceType,
    policy: Policy,
    notes: list[str],
    *,
    max_operations: int = 1000,
) -> tuple[Operation, ...]:
    """Return the operations of a PatchOp, path-less ones split into one per attribute.

    Raises InvalidSyntax, InvalidPath, NoTarget, MutabilityError, InvalidValue, or
    PayloadTooLarge where there are more operations than allowed.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("The body has to be a JSON object.")
    fields = lowered(body)
    _check_schemas(fields.get("schemas"))
    operations = fields.get("operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax("Operations has to be a list of at least one operation.")
    if len(operations) > max_operations:
        raise PayloadTooLarge(f"More than {max_operations} operations in one request.")
    reader = _Reader(resource_type, policy, notes)
    read = tuple(found for operation in operations for found in reader.read(operation))
    if sum(terms(each.filter) for each in read if each.filter is not None) > MOST_TERMS:
        raise PayloadTooLarge(f"More than {MOST_TERMS} comparisons in the paths of one request.")
    return read


def _check_schemas(schemas: Json) -> None:
    given = schemas if isinstance(schemas, list) else []
    if urns.PATCH_OP.lower() not in [urn.lower() for urn in given if isinstance(urn, str)]:
        raise InvalidSyntax(f"schemas has to hold {urns.PATCH_OP}.")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the operations of one request."""

    type: ResourceType
    policy: Policy
    notes: list[str]

    def read(self, operation: Json) -> Iterator[Operation]:
        """Yield what one operation of the body amounts to."""
        if not isinstance(operation, dict):
            raise InvalidSyntax("An operation has to be an object.")
        fields = lowered(operation)
        op, path = _verb(fields.get("op")), fields.get("path")
        if path is not None and not isinstance(path, str):
            raise InvalidPath("path has to be a string.")
        if op != "remove" and "value" not in fields:
            raise InvalidSyntax(f"{op} needs a value.")
        value = fields.get("value")
        if path:
            yield from self._with_path(op, path, value)
        elif op == "remove":
            raise NoTarget("remove needs a path.")
        elif not self.policy.operations_without_path:
            raise InvalidSyntax(f"{op} needs a path.")
        else:
            yield from self._without_path(op, value)

    def _with_path(self, op: Op, path: str, value: Json) -> Iterator[Operation]:
        if schema := self.type.extension(path.strip()):
            names = [a.name for a in schema.attributes] if op == "remove" or not value else value
            yield from self._each(
                op, {schema.id: dict.fromkeys(names) if op == "remove" or not value else value}
            )
        elif found := self._operation(op, path, value, explicit=True):
            yield found

    def _without_path(self, op: Op, value: Json) -> Iterator[Operation]:
        if not isinstance(value, dict):
            raise InvalidValue(f"{op} without a path needs an object of attributes.")
        yield from self._each(op, value)

    def _each(self, op: Op, values: dict[str, Json]) -> Iterator[Operation]:
        for key, value in values.items():
            schema = self.type.extension(key)
            if key.lower() == "schemas":
                continue
            if schema is None:
                found = self._named(op, key, value)
                if found:
                    yield found
                continue
            if not isinstance(value, dict):
                raise InvalidValue(f"{schema.id} has to be an object.")
            for name, inner in value.items():
                if found := self._named(op, f"{schema.id}:{name}", inner):
                    yield found

    def _named(self, op: Op, key: str, value: Json) -> Operation | None:
        """Return the operation of one key of a path-less value, None where it is ignored."""
        plain = key.rpartition(":")[2]
        if (
            not self.policy.ignore_unknown
            and not plain.replace("$", "").replace("-", "").replace("_", "").isalnum()
        ):
            # To the letter, a key is a name; in the field it may be a path.
            raise InvalidPath(f"{key[:80]} is not the name of an attribute.")
        try:
            return self._operation(op, key, value, explicit=False)
        except InvalidPath:
            tolerate(self.policy, self.notes, f"{key[:120]} is not an attribute here")
            return None

    def _operation(self, op: Op, text: str, value: Json, *, explicit: bool) -> Operation | None:
        path = parse_path(text)
        target = self.type.find(
            path.path.urn, path.path.name, path.path.sub, lenient=self.policy.bare_extension_names
        )
        if target is None:
            wrong = InvalidPath if self.policy.path_errors else InvalidSyntax
            raise wrong(f"{text[:120]} names no attribute of a {self.type.name}.")
        if path.filter is not None:
            if path.path.sub is None and not self.policy.element_paths:
                raise InvalidPath(f"{text[:120]} has to end in a sub-attribute.")
            if not (target.attribute.multi_valued and target.attribute.is_complex):
                raise InvalidPath(f"{target.attribute.name} has no values to select from.")
            select(path.filter, [], target.attribute, self.policy.boolean_strings)
        if self._is_kept_out(target, explicit):
            return None
        return Operation(op, target, path.filter, value, text)

    def _is_kept_out(self, target: Target, explicit: bool) -> bool:
        """Whether the target is not the client's to write; explicit paths to it are refused."""
        attribute = target.attribute
        if attribute.mutability is Mutability.WRITE_ONLY:
            return True
        locked = Mutability.READ_ONLY in (attribute.mutability, target.leaf.mutability)
        if locked and (explicit or not self.policy.ignore_unknown):
            raise MutabilityError(f"{target.key} is read-only.")
        if locked and attribute.name not in ("id", "meta"):
            tolerate(self.policy, self.notes, f"{target.key} is read-only")
        return locked


Op = Literal["add", "remove", "replace"]


def _verb(op: Json) -> Op:
    found = op.lower() if isinstance(op, str) else op
    if found == "add":
        return "add"
    if found == "remove":
        return "remove"
    if found == "replace":
        return "replace"
    raise InvalidSyntax("op has to be add, remove or replace.")


__all__ = ["MemberChange", "Operation", "apply", "member_ids", "parse", "split_members"]
