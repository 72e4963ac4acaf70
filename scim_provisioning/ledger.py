"""The provisioning ledger: what clients did, written with what they did.

Accepted writes are recorded in their transaction; refused ones after the answer is
decided, without ever changing it. Reads and anonymous refusals are only counted.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from .context import Context
from .models import ProvisioningEvent
from .protocol.attributes import Attribute, Json, Mutability, Returned
from .protocol.errors import ScimError
from .protocol.fold import fold
from .protocol.identifiers import parse
from .resources import registry
from .statements import insert

logger = logging.getLogger(__name__)

SECRET = "password"
"""Never shown, even where a schema does not say that it is written only."""
LONGEST_LIST = 1000
MOST_NOTES = 100
LONGEST_TEXT = 2000
LONGEST_NAME = 256
LONGEST_KEY = 200
UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")
"""Characters that no database holds: NUL and halves of surrogate pairs."""


def accepted(
    context: Context,
    *,
    status: int,
    resource_type: str,
    resource_id: UUID,
    resource_name: str,
    changes: Mapping[str, Any],
    ends_access: bool = False,
) -> None:
    """Record a write in the transaction around it.

    ``changes`` maps an attribute to ``[before, after]``, or ``members`` to what was added
    and removed.
    """
    _insert(
        context,
        status=status,
        resource_type=resource_type,
        resource_id=resource_id,
        resource_name=resource_name,
        changes=redact(changes, resource_type),
        ends_access=ends_access,
    )


def refused(context: Context, error: ScimError, sent: Json = None) -> None:
    """Record a refused write; a ledger that cannot be written refuses nothing.

    ``sent`` is the body, which may name what was to be written.
    """
    detail = storable(error.detail, LONGEST_TEXT)
    facts = {"status": error.status, "scim_type": error.scim_type or "", "detail": detail}
    try:
        with transaction.atomic():
            _insert(context, **facts, **_meant(context.path, sent))
    except Exception:
        # The answer is decided: whatever goes wrong here is ours to know, not the client's.
        logger.warning("A refused request could not be recorded", exc_info=True)


def _meant(path: str, sent: Json) -> dict[str, Any]:
    """Return which resource a refused request was about, as far as path and body tell."""
    endpoint, _, last = path.rstrip("/").rpartition("/")
    mapping, identifier = registry.at(last), None
    if mapping is None and (identifier := parse(last, any_case=True)):
        mapping = registry.at(endpoint.rpartition("/")[2])
    if mapping is None:
        return {}
    name = mapping.name_of(identifier) if identifier else None
    return {
        "resource_type": mapping.declared.name,
        "resource_id": identifier,
        "resource_name": name or _named(mapping.naming, sent),
    }


def _named(naming: str | None, sent: Json) -> str:
    """Return the name in a body; its attributes may be written in any case."""
    found = sent.items() if naming and isinstance(sent, dict) else ()
    names = (value for key, value in found if key.lower() == (naming or "").lower())
    return next((name for name in names if isinstance(name, str)), "")


def storable(text: str, most: int) -> str:
    """Return a client's text as every database takes it, cut where it is long."""
    return UNSTORABLE.sub("\ufffd", text[:most])


def _insert(context: Context, **facts: Any) -> None:
    principal = context.principal
    row = {
        "time": timezone.now(),
        "connection": principal.connection_id,
        "acting_user": principal.username[:256],
        "credential": principal.credential,
        "credential_key": principal.credential_key,
        "address": context.address,
        "method": context.method[:10],
        "path": storable(context.path, 200),
        "status": 0,
        "scim_type": "",
        "detail": "",
        "duration_ms": round((time.perf_counter() - context.started) * 1000, 2),
        "request_id": context.request_id,
        "resource_type": "",
        "resource_id": None,
        "resource_name": "",
        "changes": {},
        "notes": [storable(note, LONGEST_TEXT) for note in context.notes[:MOST_NOTES]],
        "ends_access": False,
        **facts,
    }
    name = storable(row["resource_name"], LONGEST_NAME)
    row |= {"resource_name": name, "resource_key": key_of(name)}
    insert(ProvisioningEvent, [row])


def key_of(name: str) -> str:
    """Return what events are found by: the head of a name, folded."""
    return fold(name)[:LONGEST_KEY]


def redact(changes: Mapping[str, Any], resource_type: str) -> dict[str, Any]:
    """Return the changes without what is only written, and long member lists cut.

    Keys are those of the mapping, ``name.givenName``; ``/Schemas`` says what is only written.
    """
    targets = registry.mapping(resource_type).targets
    shown = {}
    for key, value in changes.items():
        leaf = targets[key].leaf if key in targets else None
        if SECRET not in key.lower() and not (leaf and is_secret(leaf)):
            shown[key] = _without_secrets(leaf, value) if leaf else value
    members = shown.get("members")
    if isinstance(members, dict):
        shown["members"] = {kind: _cut(ids) for kind, ids in members.items()}
    return shown


def is_secret(attribute: Attribute) -> bool:
    """Whether an attribute's values are shown to nobody."""
    return (
        attribute.mutability is Mutability.WRITE_ONLY
        or attribute.returned is Returned.NEVER
        or SECRET in attribute.name.lower()
    )


def _without_secrets(attribute: Attribute, value: Json) -> Json:
    """Return a value, or a list of them, without its secret parts."""
    hidden = {sub.name for sub in attribute.sub_attributes if is_secret(sub)}
    if not hidden:
        return value
    if isinstance(value, dict):
        return {name: part for name, part in value.items() if name not in hidden}
    if isinstance(value, list | tuple):
        return [_without_secrets(attribute, part) for part in value]
    return value


def _cut(ids: list[str]) -> list[str]:
    if len(ids) <= LONGEST_LIST:
        return ids
    return [*ids[:LONGEST_LIST], f"and {len(ids) - LONGEST_LIST} more"]
