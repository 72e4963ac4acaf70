"""What a write tells: the ledger in its transaction, other apps inside and after it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from scim_provisioning import ledger, signals
from scim_provisioning.context import Context
from scim_provisioning.resources.mapping import Changes, ResourceMapping, pick

from .membership import Moved
from .rows import Stored


def record(
    mapping: ResourceMapping,
    stored: Stored,
    changes: Changes,
    moved: Moved | None,
    context: Context,
    *,
    status: int,
    ends_access: bool = False,
) -> None:
    """Write the ledger's entry, and tell the world once it is committed."""
    shown: dict[str, Any] = {key: list(pair) for key, pair in changes.items()}
    if moved:
        shown["members"] = moved.as_changes()
    name = pick(stored.document, mapping.targets[mapping.naming]) if mapping.naming else None
    ledger.accepted(
        context,
        status=status,
        resource_type=mapping.declared.name,
        resource_id=stored.id,
        resource_name=name or "",
        changes=shown,
        ends_access=ends_access,
    )
    transaction.on_commit(
        lambda: signals.provisioned.send_robust(
            sender=mapping.model,
            kind=mapping.declared.name,
            scim_id=stored.id,
            connection_id=context.principal.connection_id,
            method=context.method,
        )
    )


def provisioned(
    mapping: ResourceMapping, stored: Stored, context: Context, *, created: bool
) -> None:
    """Tell that a user was made, or that a local one was linked."""
    if mapping.owner == "user":
        signals.user_provisioned.send(
            sender=mapping.model,
            user=stored.account,
            scim_id=stored.id,
            connection_id=context.principal.connection_id,
            document=stored.document,
            created=created,
            notes=context.notes,
        )


def changed(
    mapping: ResourceMapping,
    stored: Stored,
    changes: Changes,
    moved: Moved | None,
    context: Context,
) -> None:
    """Tell what of a user or a group is about to change."""
    if mapping.owner is None:
        return
    shown: dict[str, Any] = dict(changes)
    if moved:
        shown["members"] = moved
    signal = signals.user_changed if mapping.owner == "user" else signals.group_changed
    signal.send(
        sender=mapping.model,
        **{f"{mapping.owner}_id": stored.owner_id},
        scim_id=stored.id,
        connection_id=context.principal.connection_id,
        changes=shown,
    )


def deprovisioned(stored: Stored, context: Context, *, erased: bool) -> None:
    """Tell that a user is about to go."""
    signals.user_deprovisioned.send(
        sender=type(stored.account),
        user_id=stored.owner_id,
        scim_id=stored.id,
        connection_id=context.principal.connection_id,
        erased=erased,
    )
