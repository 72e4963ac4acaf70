"""Local accounts that a connection takes over, or keeps off, as an administrator decided.

A connection whose import preview has no decisions is asked nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from uuid import UUID

from scim_provisioning.context import Context
from scim_provisioning.models import Candidate, Decision
from scim_provisioning.protocol.attributes import Json, lowered
from scim_provisioning.protocol.errors import Forbidden, NotFound
from scim_provisioning.protocol.fold import fold
from scim_provisioning.protocol.identifiers import shown
from scim_provisioning.resources import registry
from scim_provisioning.resources.mapping import ResourceMapping, pick, put
from scim_provisioning.statements import batched, update

from .rows import Stored, load


def _linked(context: Context, keys: Iterable[str]) -> dict[str | None, UUID]:
    """Return the local accounts that creates of some names take over, by the folded names."""
    found: dict[str | None, UUID] = {}
    for batch in batched(keys):
        rows = Candidate.objects.filter(
            connection=context.principal.connection_id,
            user_name_key__in=batch,
            decision=Decision.LINK,
            user__connection=None,
            user__deleted=None,
        )
        found |= dict(rows.values_list("user_name_key", "user_id"))
    return found


def reserved(context: Context, creates: Sequence[Mapping[str, Json]]) -> list[UUID | None]:
    """Return the ids that creates within a Bulk will have where they take over accounts."""
    if not context.principal.has_decisions:
        return [None] * len(creates)
    names = list(map(_created_name, creates))
    found = _linked(context, {name for name in names if name is not None})
    return [found.get(name) for name in names]


def _created_name(operation: Mapping[str, Json]) -> str | None:
    """Return the folded name of the user that an operation creates, None where it does not."""
    data, path = operation.get("data"), str(operation.get("path")).strip("/")
    if not isinstance(data, dict) or f"/{path}" != registry.mapping("User").endpoint:
        return None
    name = lowered(data).get("username")
    return fold(name) if isinstance(name, str) else None


def adopted(mapping: ResourceMapping, document: Json, context: Context) -> Stored | None:
    """Return the local account, locked, that a create takes over; None for a new one."""
    name, asks = document.get("userName"), context.principal.has_decisions
    if mapping.owner != "user" or not (asks and isinstance(name, str)):
        return None
    key = next(iter(_linked(context, [fold(name)]).values()), None)
    if key is None:
        return None
    try:
        stored = load(mapping, shown(key), context, hidden=True)
    except NotFound:
        return None
    # Whoever came first with the same name has it.
    return stored if stored.connection_id is None else None


def merged(mapping: ResourceMapping, before: Json, sent: Json) -> dict[str, Json]:
    """Return a local account's document with what was sent; what was not stays."""
    document: dict[str, Json] = deepcopy(before)
    for _, _, target in mapping.stored:
        if (value := pick(sent, target)) is not None:
            put(document, target, value)
    return document


def heed(mapping: ResourceMapping, stored: Stored, context: Context) -> Stored:
    """Return a resource as an administrator's decision lets a write find it.

    Raises Forbidden where it is kept separate.
    """
    who = context.principal
    if mapping.owner != "user" or stored.connection_id is not None or not who.has_decisions:
        return stored
    rows = Candidate.objects.filter(connection=who.connection_id, user=stored.id)
    decisions = dict(rows.values_list("decision", "privileged"))
    if Decision.LINK in decisions:
        return _allowed(mapping, stored) if decisions[Decision.LINK] else stored
    if Decision.SEPARATE in decisions:
        raise Forbidden("An administrator keeps the account separate from this connection.")
    return stored


def _allowed(mapping: ResourceMapping, stored: Stored) -> Stored:
    """Let a connection manage an account with privileges, as *allow this link* does."""
    update(mapping.model, stored.id, {"listed": True, "link_allowed": True})
    return replace(stored, listed=True, link_allowed=True)
