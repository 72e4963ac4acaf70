"""Habits of Microsoft Entra ID."""

from __future__ import annotations

import json

from scim_provisioning.protocol.attributes import Json


def documents_in_strings(body: Json, notes: list[str]) -> Json:
    """Without the compatibility flag, role assignments are added as JSON documents in strings.

    ``{"op": "Add", "path": "roles", "value": [{"value": "{\\"id\\": …}"}]}``: the document's
    own ``value``, ``displayName`` and ``id`` become the role's.
    """
    operations = body.get("Operations") if isinstance(body, dict) else None
    if not isinstance(operations, list):
        return body
    return {**body, "Operations": [_operation(operation, notes) for operation in operations]}


def _operation(operation: Json, notes: list[str]) -> Json:
    path = operation.get("path") if isinstance(operation, dict) else None
    if not isinstance(path, str) or path.lower() != "roles":
        return operation
    value = operation.get("value")
    entries = value if isinstance(value, list) else [value]
    unpacked = [_entry(entry) for entry in entries]
    if unpacked == entries:
        return operation
    notes.append("roles came as JSON documents in strings")
    return {**operation, "value": unpacked}


def _entry(entry: Json) -> Json:
    text = entry.get("value") if isinstance(entry, dict) else entry
    document = _document(text)
    if document is None:
        return entry
    outer = entry if isinstance(entry, dict) else {}
    name = document.get("displayName") or document.get("display")
    value = document.get("value") or document.get("id")
    found = {**outer, "value": value, "display": name, "type": document.get("type")}
    return {key: part for key, part in found.items() if part is not None}


def _document(text: Json) -> dict[str, Json] | None:
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
