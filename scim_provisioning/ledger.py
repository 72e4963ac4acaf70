"""The provisioning ledger: what clients did, written with what they did.

Accepted writes are recorded in their transaction; refused ones after the answer is
decided, without ever changing it. Reads and anonymous refusals are only counted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils import timezone

from .context import Context
from .models import ProvisioningEvent
from .protocol.errors import ScimError
from .statements import insert

logger = logging.getLogger(__name__)

SECRET = "password"
LONGEST_LIST = 1000


def accepted(
    context: Context,
    *,
    status: int,
    resource_type: str,
    resource_id: UUID,
    resource_name: str,
    changes: Mapping[str, Any],
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
        resource_name=resource_name[:256],
        changes=redact(changes),
    )


def refused(context: Context, error: ScimError) -> None:
    """Record a refused write; a ledger that cannot be written refuses nothing."""
    try:
        with transaction.atomic():
            _insert(
                context, status=error.status, scim_type=error.scim_type or "", detail=error.detail
            )
    except DatabaseError:
        logger.warning("A refused request could not be recorded", exc_info=True)


def _insert(context: Context, **facts: Any) -> None:
    principal = context.principal
    row = {
        "time": timezone.now(),
        "connection": principal.connection_id,
        "acting_user": principal.username[:256],
        "credential": principal.credential,
        "address": context.address,
        "method": context.method,
        "path": context.path[:200],
        "status": 0,
        "scim_type": "",
        "detail": "",
        "duration_ms": round((time.perf_counter() - context.started) * 1000, 2),
        "request_id": context.request_id,
        "resource_type": "",
        "resource_id": None,
        "resource_name": "",
        "changes": {},
        "notes": context.notes,
    }
    insert(ProvisioningEvent, [{**row, **facts}])


def redact(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes without secrets, and long member lists cut with their count."""
    shown = {key: value for key, value in changes.items() if SECRET not in key.lower()}
    members = shown.get("members")
    if isinstance(members, dict):
        shown["members"] = {kind: _cut(ids) for kind, ids in members.items()}
    return shown


def _cut(ids: list[str]) -> list[str]:
    if len(ids) <= LONGEST_LIST:
        return ids
    return [*ids[:LONGEST_LIST], f"and {len(ids) - LONGEST_LIST} more"]
