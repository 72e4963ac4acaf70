"""The four writes of SCIM, each one transaction with its ledger entry.

A 2xx means the change is in the database, whole; a refusal leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as replace_fields
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from scim_provisioning import conf, hosting
from scim_provisioning.context import Context
from scim_provisioning.protocol import patch as patching
from scim_provisioning.protocol import validation
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import (
    MutabilityError,
    PreconditionFailed,
    PreconditionRequired,
    ScimError,
)
from scim_provisioning.protocol.identifiers import shown
from scim_provisioning.protocol.projection import Projection
from scim_provisioning.resources.bindings import etag
from scim_provisioning.resources.mapping import Changes, ResourceMapping, pick, put
from scim_provisioning.statements import insert, update

from . import (
    adopting,
    announcements,
    brake,
    conflicts,
    hosted,
    kinds,
    membership,
    ownership,
    refusals,
)
from .outcome import Outcome, render
from .rows import FRESH, Stored, check_counts, load, write_values

KEPT_BY_PUT = ("active", "externalId")
"""What a PUT that does not name them leaves alone: see the wizard apps of Okta."""


T = TypeVar("T")


def _transact(mapping: ResourceMapping, context: Context, body: Json, work: Callable[[], T]) -> T:
    """Run one write in a transaction; what refused it is told only after the rollback."""
    # Memberships are as they were read, unless somebody who hears of the write changes them.
    before = membership.changed_elsewhere.set(mapping.has_members)
    try:
        with transaction.atomic():
            return work()
    except IntegrityError as error:
        refusal: ScimError = conflicts.explain(mapping, context, body, error)
    except ScimError as error:
        refusal = error
    finally:
        membership.changed_elsewhere.reset(before)
    refusals.settle(refusal, context.principal.connection_id)
    raise refusal


def create(
    mapping: ResourceMapping,
    body: Json,
    context: Context,
    projection: Projection | None,
    *,
    identifier: UUID | None = None,
) -> Outcome:
    """Create a resource (RFC 7644 section 3.3); raise Uniqueness, InvalidValue, InvalidSyntax.

    Without a projection nobody sees it; ``identifier`` is an id that was promised before.
    """
    policy = context.policy
    document = validation.clean(body, mapping.resource_type, policy, context.notes)
    return _transact(
        mapping,
        context,
        document,
        lambda: _create(mapping, document, body, context, projection, identifier),
    )


def _create(
    mapping: ResourceMapping,
    document: dict[str, Json],
    body: Json,
    context: Context,
    projection: Projection | None,
    identifier: UUID | None,
) -> Outcome:
    if (account := adopting.adopted(mapping, document, context)) is not None:
        return _adopt(mapping, account, document, body, context, projection)
    if "active" in mapping.bindings:
        document.setdefault("active", True)
    members = _take_members(document) if mapping.has_members else ()
    changes = _changes(mapping, {}, document)
    columns = mapping.columns(changes, document)
    kind = kinds.of(mapping)
    account = kind.make(mapping, changes, document)
    identifier = identifier or kind.identifier(account) or uuid4()
    now = timezone.now()
    owner_id = account.pk if account is not None else identifier
    row = {
        **FRESH,
        **mapping.unassigned,
        **columns,
        **kind.facts(context),
        **({mapping.owner: owner_id} if mapping.owner else {}),
        "id": identifier,
        "connection": context.principal.connection_id,
        "created": now,
        "last_modified": now,
    }
    insert(mapping.model, [row])
    write_values(mapping, identifier, changes, context, fresh=True)
    moved = membership.apply(mapping, owner_id, members, context) if members else None
    stored = Stored(
        identifier,
        owner_id,
        document,
        context.principal.connection_id,
        True,
        False,
        1,
        now,
        now,
        account,
    )
    announcements.provisioned(mapping, stored, context, created=True)
    outcome = _finish(mapping, stored, document, changes, moved, context, projection, status=201)
    return hosted.follow(mapping, outcome, body, document, context, projection, created=True)


def _adopt(
    mapping: ResourceMapping,
    stored: Stored,
    document: dict[str, Json],
    body: Json,
    context: Context,
    projection: Projection | None,
) -> Outcome:
    """Link a local account instead of making one: what was sent is written, the rest stays."""
    _claim(mapping, stored, context)
    after = adopting.merged(mapping, stored.document, document)
    outcome = _write(mapping, stored, after, (), context, projection, status=201)
    return hosted.follow(mapping, outcome, body, after, context, projection)


def replace(
    mapping: ResourceMapping,
    identifier: str,
    body: Json,
    context: Context,
    projection: Projection | None,
) -> Outcome:
    """Replace a resource (RFC 7644 section 3.5.1): what is omitted is cleared."""
    policy = context.policy
    document = validation.clean(body, mapping.resource_type, policy, context.notes)

    def work() -> Outcome:
        stored = _open(mapping, identifier, context)
        after = dict(document)
        _keep(mapping, stored.document, after)
        members = _take_members(after, replacing=True) if mapping.has_members else ()
        outcome = _write(mapping, stored, after, members, context, projection)
        return hosted.follow(mapping, outcome, body, after, context, projection)

    return _transact(mapping, context, document, work)


def patch(
    mapping: ResourceMapping,
    identifier: str,
    body: Json,
    context: Context,
    projection: Projection | None,
    *,
    answer: bool = True,
) -> Outcome:
    """Modify a resource (RFC 7644 section 3.5.2): every operation, or none."""
    policy = context.policy
    operations = hosted.parse(mapping, body, context)
    others, members = patching.split_members(
        operations.known,
        by_value=policy.remove_by_value,
        has_members=mapping.has_members,
        groups=conf.current().nested_groups,
    )

    def work() -> Outcome:
        stored = _open(mapping, identifier, context, lock=bool(others) or not members)
        after = patching.apply(
            others, stored.document, mapping.resource_type, policy, context.notes
        )
        outcome = _write(mapping, stored, after, members, context, projection, answer=answer)
        given = operations.standardised(after)
        return hosted.follow(mapping, outcome, {}, after, context, projection, operations=given)

    return _transact(mapping, context, body, work)


def _keep(mapping: ResourceMapping, before: dict[str, Json], after: dict[str, Json]) -> None:
    """Keep what a PUT leaves alone by not naming it: what never changes, too."""
    for key in (*KEPT_BY_PUT, *mapping.immutable):
        target = mapping.targets.get(key)
        if target and pick(after, target) is None and (value := pick(before, target)) is not None:
            put(after, target, value)


def delete(mapping: ResourceMapping, identifier: str, context: Context) -> None:
    """Delete a resource (RFC 7644 section 3.6), and what stands behind it."""

    def work() -> None:
        stored, kind = _open(mapping, identifier, context), kinds.of(mapping)
        if ends := _takes_access(mapping, stored, None):
            brake.check(stored.id, context)
        kind.remove(mapping, stored, context)
        announcements.record(mapping, stored, {}, None, context, status=204, ends_access=ends)

    _transact(mapping, context, {}, work)


def _takes_access(mapping: ResourceMapping, stored: Stored, changes: Changes | None) -> bool:
    """Whether the brake counts a change, or a removal (None)."""
    return kinds.of(mapping).ends_access(changes) and brake.counts(stored.created)


def _take_members(
    document: dict[str, Json], *, replacing: bool = False
) -> tuple[patching.MemberChange, ...]:
    """Take ``members`` out of a document: memberships are not part of the row."""
    entries = document.pop("members", None) or []
    kind: Any = "replace" if replacing else "add"
    if not entries and not replacing:
        return ()
    ids = patching.member_ids(entries, groups=conf.current().nested_groups)
    return (patching.MemberChange(kind, ids, None),)


def _open(
    mapping: ResourceMapping, identifier: str, context: Context, *, lock: bool = True
) -> Stored:
    """Load a resource for a write, with the client's right and precondition checked."""
    stored = load(mapping, identifier, context, lock=lock or context.if_match is not None)
    _check_precondition(stored, context)
    _claim(mapping, stored, context)
    return stored


def _claim(mapping: ResourceMapping, stored: Stored, context: Context) -> None:
    """Check that the client may write to a resource, and link it where it is local."""
    if mapping.owner and (host := hosting.current()):
        host.open(mapping.owner, stored.owner_id)
    stored = adopting.heed(mapping, stored, context)
    if ownership.claim(stored, context.principal.connection_id, mapping.owner):
        update(mapping.model, stored.id, {"connection": context.principal.connection_id})
        context.notes.append("linked to this connection")
        announcements.provisioned(mapping, stored, context, created=False)


def _check_precondition(stored: Stored, context: Context) -> None:
    """Raise PreconditionFailed or PreconditionRequired (RFC 7644 section 3.14)."""
    if context.if_match is None:
        if context.principal.requires_if_match:
            raise PreconditionRequired
    elif not matches(context.if_match, etag(stored.version)):
        raise PreconditionFailed


def matches(header: str, tag: str) -> bool:
    """Whether an ``If-Match`` or ``If-None-Match`` header names an entity tag, compared weakly."""
    tags = {named.strip().removeprefix("W/") for named in header.split(",")}
    return "*" in tags or tag.removeprefix("W/") in tags


def _write(
    mapping: ResourceMapping,
    stored: Stored,
    after: dict[str, Json],
    members: tuple[patching.MemberChange, ...],
    context: Context,
    projection: Projection | None,
    *,
    status: int = 200,
    answer: bool = True,
) -> Outcome:
    """Write what differs; nothing differs: nothing moves, and it is still recorded."""
    changes = _changes(mapping, stored.document, after)
    moved = membership.apply(mapping, stored.owner_id, members, context) if members else None
    if changes:
        if _takes_access(mapping, stored, changes):
            brake.check(stored.id, context)
        kinds.of(mapping).change(mapping, stored, changes)
        write_values(mapping, stored.id, changes, context, fresh=False)
    now, version = stored.last_modified, stored.version
    if changes or moved:
        now, version = timezone.now(), version + 1
        announcements.changed(mapping, stored, changes, moved, context)
    written = replace_fields(stored, document=after, version=version, last_modified=now)
    outcome = _finish(
        mapping, written, after, changes, moved, context, projection, status=status, answer=answer
    )
    if changes or moved:
        # The version last: parallel changes of one group's members wait for each other here only.
        columns = mapping.columns(changes, after, stored.extensions)
        columns |= kinds.of(mapping).changed_facts(changes, now)
        update(
            mapping.model, stored.id, {**columns, "version": F("version") + 1, "last_modified": now}
        )
    return outcome


def _changes(mapping: ResourceMapping, before: Json, after: Json) -> Changes:
    """Return what a write changes; raise MutabilityError, InvalidValue or Uniqueness."""
    changes = mapping.changes(before, after)
    _check_immutable(mapping, changes)
    check_counts(changes)
    conflicts.check_likeness(mapping, changes)
    return changes


def _check_immutable(mapping: ResourceMapping, changes: Changes) -> None:
    """Raise MutabilityError where a value changes that is set once (RFC 7643 section 7)."""
    for key in mapping.immutable:
        if key in changes and changes[key][0] is not None:
            raise MutabilityError(f"{key} is immutable, and set already.")


def _finish(
    mapping: ResourceMapping,
    stored: Stored,
    document: dict[str, Json],
    changes: Changes,
    moved: membership.Moved | None,
    context: Context,
    projection: Projection | None,
    *,
    status: int,
    answer: bool = True,
) -> Outcome:
    """Record a write and return its outcome."""
    status = status if answer else 204
    ends = _takes_access(mapping, stored, changes)
    announcements.record(mapping, stored, changes, moved, context, status=status, ends_access=ends)
    location = f"{context.base_url}{mapping.endpoint}/{shown(stored.id)}"
    resource = None
    if answer and projection is not None:
        resource = render(mapping, stored, document, context, projection)
    version = etag(stored.version)
    return Outcome(stored.id, version, location, status, resource, bool(changes or moved))


__all__ = ["Outcome", "create", "delete", "matches", "patch", "replace"]
