"""PATCH operations applied to a document (RFC 7644 section 3.5.2.1 to 3.5.2.3)."""

from __future__ import annotations

from collections.abc import Sequence

from .attributes import Attribute, Json, ResourceType
from .errors import InvalidValue, MutabilityError, NoTarget, PayloadTooLarge
from .evaluate import select
from .operations import Operation
from .policy import Policy
from .tree import And, Comparison, Filter, Operator, terms
from .validation import LABELS, UNASSIGNED, Cleaner, check_required, unique

Entry = dict[str, Json]
MOST_WORK = 200_000
"""Comparisons with values: a request that took more would hold up the server for seconds."""


def apply(
    operations: Sequence[Operation],
    document: Entry,
    resource_type: ResourceType,
    policy: Policy,
    notes: list[str],
) -> Entry:
    """Return the document after all operations, in order; the given one stays as it is.

    Raises MutabilityError, NoTarget, InvalidValue, InvalidFilter, or PayloadTooLarge where many
    operations meet many values: then nothing counts.
    """
    editor = _Editor(_copy(document), Cleaner(resource_type, policy, notes), policy)
    for operation in operations:
        editor.apply(operation)
    check_required(editor.document, resource_type)
    return editor.document


def _copy(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


class _Editor:
    """Edits one document in place."""

    def __init__(self, document: Entry, cleaner: Cleaner, policy: Policy) -> None:
        self.document = document
        self.cleaner = cleaner
        self.policy = policy
        self.work = 0

    def apply(self, operation: Operation) -> None:
        """Do one operation."""
        target = operation.target
        urn = target.urn
        holder = self.document.get(urn, {}) if urn else self.document
        self._charge(holder.get(target.attribute.name), operation)
        if operation.filter is not None:
            self._selected(holder, operation, operation.filter)
        elif target.sub is not None:
            self._sub(holder, operation, target.sub)
        elif operation.op == "remove":
            self._remove(holder, operation)
        else:
            self._set(holder, operation)
        if urn:
            self.document.pop(urn, None)
            if holder:
                self.document[urn] = holder

    def _charge(self, values: Json, operation: Operation) -> None:
        """Count what an operation compares: each value with each term, or each one to remove."""
        if not isinstance(values, list):
            return
        each = 1 if operation.filter is None else terms(operation.filter)
        if operation.op == "remove" and isinstance(operation.value, list):
            each += len(operation.value)
        self.work += each * len(values)
        if self.work > MOST_WORK:
            detail = "So many operations on so many values are too much for one request."
            raise PayloadTooLarge(detail)

    def _remove(self, holder: Entry, operation: Operation) -> None:
        attribute = operation.target.attribute
        if attribute.required:
            raise MutabilityError(f"{attribute.name} is required and cannot be removed.")
        by_value = self.policy.remove_by_value and attribute.multi_valued
        if not by_value or operation.value in UNASSIGNED:
            holder.pop(attribute.name, None)
            return
        gone = self._cleaned(operation) or []
        kept = [e for e in holder.get(attribute.name, []) if not _is_named(e, gone)]
        _store(holder, attribute, kept)

    def _cleaned(self, operation: Operation) -> Json:
        target = operation.target
        return self.cleaner.value(operation.value, target.leaf, target.key)

    def _set(self, holder: Entry, operation: Operation) -> None:
        attribute = operation.target.attribute
        if attribute.multi_valued:
            self._set_list(holder, operation, attribute)
        elif attribute.is_complex and operation.value not in UNASSIGNED:
            parts = self.cleaner.parts(operation.value, attribute, operation.target.key)
            kept = operation.op == "add" or self.policy.replace_merges
            before = holder.get(attribute.name, {}) if kept else {}
            _store(holder, attribute, _merged(before, parts))
        else:
            _store(holder, attribute, self._cleaned(operation))

    def _set_list(self, holder: Entry, operation: Operation, attribute: Attribute) -> None:
        given = self._cleaned(operation) or []
        if operation.op == "replace":
            _store(holder, attribute, given)
            return
        entries = holder.get(attribute.name, [])
        if any(_is_primary(entry) for entry in given):
            _demote([entry for entry in entries if _is_primary(entry) and entry not in given])
        _store(holder, attribute, unique([*entries, *given]))

    def _sub(self, holder: Entry, operation: Operation, sub: Attribute) -> None:
        attribute = operation.target.attribute
        value = None if operation.op == "remove" else self._cleaned(operation)
        if not attribute.multi_valued:
            _store(holder, attribute, _merged(holder.get(attribute.name, {}), {sub.name: value}))
            return
        entries = holder.get(attribute.name, [])
        if not entries and value is not None:
            entries = [{}]
        self._change(holder, attribute, entries, range(len(entries)), {sub.name: value})

    def _selected(self, holder: Entry, operation: Operation, node: Filter) -> None:
        attribute, sub = operation.target.attribute, operation.target.sub
        entries = holder.get(attribute.name, [])
        chosen = select(node, entries, attribute, self.policy.boolean_strings)
        if operation.op == "remove" and sub is None:
            self._check_target(chosen, operation)
            kept = [entry for i, entry in enumerate(entries) if i not in set(chosen)]
            _store(holder, attribute, kept)
            return
        parts = self._parts(operation)
        if not chosen and any(value is not None for value in parts.values()):
            entries = [*entries, self._made(operation, node)]
            chosen = [len(entries) - 1]
        elif not chosen:
            self._check_target(chosen, operation)
        self._change(holder, attribute, entries, chosen, parts)

    def _parts(self, operation: Operation) -> Entry:
        """Return the sub-attributes that an operation on selected values sets, None to clear."""
        target = operation.target
        if target.sub is None:
            return self.cleaner.parts(operation.value, target.attribute, target.key)
        return {target.sub.name: None if operation.op == "remove" else self._cleaned(operation)}

    def _check_target(self, chosen: Sequence[int], operation: Operation) -> None:
        if not chosen and not self.policy.create_on_unmatched:
            raise NoTarget(f"{operation.path[:200]} matches no value.")

    def _made(self, operation: Operation, node: Filter) -> Entry:
        """Return the entry that a value path describes; raise NoTarget where it describes none."""
        terms = node.operands if isinstance(node, And) else (node,)
        if not self.policy.create_on_unmatched or not all(map(_is_equation, terms)):
            raise NoTarget(f"{operation.path[:200]} matches no value.")
        attribute = operation.target.attribute
        described = {t.path.name: t.value for t in terms if isinstance(t, Comparison)}
        return self.cleaner.parts(described, attribute, operation.target.key)

    def _change(
        self,
        holder: Entry,
        attribute: Attribute,
        entries: list[Entry],
        chosen: Sequence[int],
        parts: Entry,
    ) -> None:
        """Set parts of the chosen entries; an entry of which only labels are left goes."""
        if parts.get("primary") is True:
            if len(chosen) > 1:
                raise InvalidValue(f"{attribute.name} can have one primary value only.")
            _demote(entries)
        places = set(chosen)
        changed = [_merged(e, parts) if i in places else e for i, e in enumerate(entries)]
        kept = [e for i, e in enumerate(changed) if i not in places or not e.keys() <= LABELS]
        made_primary = [i for i in chosen if _is_primary(changed[i])]
        if len(made_primary) == 1:
            _demote([e for i, e in enumerate(changed) if i not in made_primary])
        _store(holder, attribute, unique(kept))


def _is_equation(node: Filter) -> bool:
    return isinstance(node, Comparison) and node.operator is Operator.EQ and node.value is not None


def _is_primary(entry: Json) -> bool:
    return isinstance(entry, dict) and entry.get("primary") is True


def _demote(entries: Sequence[Json]) -> None:
    for entry in entries:
        if _is_primary(entry):
            entry["primary"] = False


def _is_named(entry: Json, named: Sequence[Json]) -> bool:
    """Whether an entry is among those to remove: by all that each of them says."""
    if not isinstance(entry, dict):
        return entry in named
    return any(all(entry.get(k) == v for k, v in wanted.items()) for wanted in named)


def _merged(entry: Entry, parts: Entry) -> Entry:
    """Return an object with parts set, and those that are None taken out."""
    merged = {**entry, **parts}
    return {key: value for key, value in merged.items() if value is not None}


def _store(holder: Entry, attribute: Attribute, value: Json) -> None:
    if value in UNASSIGNED and value is not False:
        holder.pop(attribute.name, None)
    else:
        holder[attribute.name] = value
