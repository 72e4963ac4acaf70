"""The four writes of SCIM, each one transaction with its ledger entry.

A 2xx means the change is in the database, whole; a refusal leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from scim_provisioning import conf
from scim_provisioning.context import Context
from scim_provisioning.hosting import Given
from scim_provisioning.protocol import patch as patching
from scim_provisioning.protocol import validation
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import MutabilityError, ScimError
from scim_provisioning.protocol.identifiers import shown
from scim_provisioning.protocol.projection import Projection
from scim_provisioning.resources.bindings import etag
from scim_provisioning.resources.mapping import Changes, ResourceMapping, pick, put
from scim_provisioning.statements import update

from . import (
    adopting,
    announcements,
    brake,
    conflicts,
    hosted,
    kinds,
    membership,
    opening,
    refusals,
    rows,
    values,
)
from .opening import matches
from .outcome import Outcome, render
from .rows import Stored

KEPT_BY_PUT = ("active", "externalId")
"""What a PUT that does not name them leaves alone: see the wizard apps of Okta."""
NEXT_VERSION = F("version") + 1
NO_CONTENT = 204

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Write:
    """What a write is of, who sent it, and what it is answered with.

    ``sent`` is the body of a resource, empty where operations were sent. Without a projection
    nobody sees the resource.
    """

    mapping: ResourceMapping
    context: Context
    projection: Projection | None
    sent: Json
    status: int

    def followed(
        self,
        outcome: Outcome,
        document: dict[str, Json],
        *,
        created: bool = False,
        operations: Sequence[Given] | None = None,
    ) -> Outcome:
        """Let the site's own code follow."""
        return hosted.follow(
            self.mapping, outcome, self.sent, document, self.context, self.projection,
            created=created, operations=operations,
        )  # fmt: skip


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
    write = _Write(mapping, context, projection, body, status=201)
    document = validation.clean(body, mapping.resource_type, context.policy, context.notes)
    return _transact(mapping, context, document, lambda: _create(write, document, identifier))


def _create(write: _Write, document: dict[str, Json], identifier: UUID | None) -> Outcome:
    mapping, context = write.mapping, write.context
    if (account := adopting.adopted(mapping, document, context)) is not None:
        return _adopt(write, account, document)
    if "active" in mapping.bindings:
        document.setdefault("active", True)
    members = _take_members(document) if mapping.has_members else ()
    changes = _changes(mapping, {}, document)
    stored = _add(mapping, identifier, document, changes, context)
    moved = membership.apply(mapping, stored.owner_id, members, context) if members else None
    announcements.provisioned(mapping, stored, context, created=True)
    return write.followed(_finish(write, stored, changes, moved), document, created=True)


def _add(
    mapping: ResourceMapping,
    identifier: UUID | None,
    document: dict[str, Json],
    changes: Changes,
    context: Context,
) -> Stored:
    """Make what stands behind a new resource, and add its rows."""
    columns, kind = mapping.columns(changes, document), kinds.of(mapping)
    account = kind.make(mapping, changes, document)
    identifier = identifier or kind.identifier(account) or uuid4()
    columns |= kind.facts(context)
    stored = rows.add(mapping, identifier, account, document, columns, context)
    values.write(mapping, identifier, changes, context, fresh=True)
    return stored


def _adopt(write: _Write, stored: Stored, document: dict[str, Json]) -> Outcome:
    """Link a local account instead of making one: what was sent is written, the rest stays."""
    opening.claim(write.mapping, stored, write.context)
    after = adopting.merged(write.mapping, stored.document, document)
    return write.followed(_modify(write, stored, after, ()), after)


def replace(
    mapping: ResourceMapping,
    identifier: str,
    body: Json,
    context: Context,
    projection: Projection | None,
) -> Outcome:
    """Replace a resource (RFC 7644 section 3.5.1): what is omitted is cleared."""
    write = _Write(mapping, context, projection, body, status=200)
    document = validation.clean(body, mapping.resource_type, context.policy, context.notes)

    def work() -> Outcome:
        stored = opening.opened(mapping, identifier, context)
        after = dict(document)
        _keep(mapping, stored.document, after)
        members = _take_members(after, replacing=True) if mapping.has_members else ()
        return write.followed(_modify(write, stored, after, members), after)

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
    write = _Write(mapping, context, projection, {}, status=200 if answer else NO_CONTENT)
    operations = hosted.parse(mapping, body, context)
    others, members = patching.split_members(
        operations.known,
        by_value=policy.remove_by_value,
        has_members=mapping.has_members,
        groups=conf.current().nested_groups,
    )

    def work() -> Outcome:
        lock = bool(others) or not members
        stored = opening.opened(mapping, identifier, context, lock=lock)
        after = patching.apply(
            others, stored.document, mapping.resource_type, policy, context.notes
        )
        outcome = _modify(write, stored, after, members)
        return write.followed(outcome, after, operations=operations.standardised(after))

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
        stored = opening.opened(mapping, identifier, context)
        if ends := _takes_access(mapping, stored, None):
            brake.check(stored.id, context)
        kinds.of(mapping).remove(mapping, stored, context)
        announcements.record(
            mapping, stored, {}, None, context, status=NO_CONTENT, ends_access=ends
        )

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


def _modify(
    write: _Write,
    stored: Stored,
    after: dict[str, Json],
    members: tuple[patching.MemberChange, ...],
) -> Outcome:
    """Write what differs; nothing differs: nothing moves, and it is still recorded."""
    mapping, context = write.mapping, write.context
    changes = _changes(mapping, stored.document, after)
    moved = membership.apply(mapping, stored.owner_id, members, context) if members else None
    if changes:
        if _takes_access(mapping, stored, changes):
            brake.check(stored.id, context)
        kinds.of(mapping).change(mapping, stored, changes)
        values.write(mapping, stored.id, changes, context, fresh=False)
    if not (changes or moved):
        return _finish(write, replace_fields(stored, document=after), changes, moved)
    now = timezone.now()
    announcements.changed(mapping, stored, changes, moved, context)
    written = replace_fields(stored, document=after, version=stored.version + 1, last_modified=now)
    outcome = _finish(write, written, changes, moved)
    # The version last: parallel changes of one group's members wait for each other here only.
    columns = mapping.columns(changes, after, stored.extensions)
    columns |= kinds.of(mapping).changed_facts(changes, now)
    moment = {"version": NEXT_VERSION, "last_modified": now}
    update(mapping.model, stored.id, {**columns, **moment})
    return outcome


def _changes(mapping: ResourceMapping, before: Json, after: Json) -> Changes:
    """Return what a write changes; raise MutabilityError, InvalidValue or Uniqueness."""
    changes = mapping.changes(before, after)
    _check_immutable(mapping, changes)
    values.check_counts(changes)
    conflicts.check_likeness(mapping, changes)
    return changes


def _check_immutable(mapping: ResourceMapping, changes: Changes) -> None:
    """Raise MutabilityError where a value changes that is set once (RFC 7643 section 7)."""
    for key in mapping.immutable:
        if key in changes and changes[key][0] is not None:
            raise MutabilityError(f"{key} is immutable, and set already.")


def _finish(
    write: _Write, stored: Stored, changes: Changes, moved: membership.Moved | None
) -> Outcome:
    """Record a write and return its outcome."""
    mapping, context, status = write.mapping, write.context, write.status
    ends = _takes_access(mapping, stored, changes)
    announcements.record(mapping, stored, changes, moved, context, status=status, ends_access=ends)
    location = f"{context.base_url}{mapping.endpoint}/{shown(stored.id)}"
    resource = None
    if status != NO_CONTENT and write.projection is not None:
        resource = render(mapping, stored, context, write.projection)
    version = etag(stored.version)
    return Outcome(stored.id, version, location, status, resource, bool(changes or moved))


__all__ = ["Outcome", "create", "delete", "matches", "patch", "replace"]
