"""What django-scim2 knew of users and groups moves into the SCIM rows, ids included.

Small batches in the order of keys, each whole or not at all: no long transaction, memory
for one batch only. Whatever stands right already is left alone, so a run goes on where
another one ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Group
from django.db import transaction

from scim_provisioning.directory import ownership, sync
from scim_provisioning.directory.accounts import group_name
from scim_provisioning.models import (
    Connection,
    ExternalId,
    Finding,
    MultiValue,
    ScimGroup,
    ScimUser,
)
from scim_provisioning.protocol.identifiers import parse, shown
from scim_provisioning.resources.expressions import lookup_key
from scim_provisioning.resources.relations import membership

from . import contract
from .report import Report, colliding

BATCH = 500
Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Move:
    """One run: whose external ids they are, and what is done."""

    connection: Connection | None
    renumber: bool = False
    writes: bool = True

    def run(self, owner: str, report: Report, progress: Progress) -> None:
        """Go through all users or groups."""
        report.colliding += colliding(owner)
        for batch in _batches(contract.model(owner)):
            with transaction.atomic():
                self._move(owner, batch, report)
            progress(len(batch))

    def _move(self, owner: str, batch: Sequence[Any], report: Report) -> None:
        report.seen += len(batch)
        wanted = self._ids(owner, batch, report)
        accounts = self._accounts(owner, batch, wanted, report)
        rows = self._rows(owner, accounts, wanted, report)
        for key, row in rows.items():
            self._rekey(owner, row, wanted[key], report)
        moved = [one for one in batch if one.pk in wanted]
        for one in moved:
            report.compare_names(owner, one)
        if self.connection is not None:
            self._external_ids(owner, moved, wanted, report)
            self._own(moved, owner, rows, report)
        if contract.is_separate(owner):
            self._members([(o, accounts[o.pk]) for o in moved if o.pk in accounts], report)

    def _ids(self, owner: str, batch: Sequence[Any], report: Report) -> dict[Any, UUID]:
        """Return the key of each object's row; those whose id cannot be kept are left out."""
        wanted: dict[Any, UUID] = {}
        for one in batch:
            text = contract.text_id(owner, one)
            key = parse(text)
            if key is None and text is not None and not self.renumber:
                report.leave_out(f"{one}: the id {text!r} cannot be kept")
                continue
            report.without_id += text is None
            wanted[one.pk] = key or self._renumbered(owner, one)
        if not contract.is_separate(owner):
            self._part_with_doubles(owner, batch, wanted, report)
        return wanted

    @staticmethod
    def _part_with_doubles(
        owner: str, batch: Sequence[Any], wanted: dict[Any, UUID], report: Report
    ) -> None:
        rows = _model(owner)._default_manager.filter(pk__in=wanted.values())
        holders = dict(rows.values_list("pk", f"{owner}_id"))
        for one in batch:
            key = wanted.get(one.pk)
            if key is not None and holders.get(key, one.pk) != one.pk:
                report.leave_out(f"{one}: the id {shown(key)!r} is another's")
                del wanted[one.pk]

    def _renumbered(self, owner: str, one: Any) -> UUID:
        rows = _model(owner)._default_manager.filter(**{owner: one.pk})
        there = None if contract.is_separate(owner) else rows.values_list("pk", flat=True).first()
        found: UUID = there or uuid4()
        if contract.id_field(owner) == "scim_id":
            one.scim_id = shown(found)
            if self.writes:
                type(one)._default_manager.filter(pk=one.pk).update(scim_id=one.scim_id)
        return found

    def _accounts(
        self, owner: str, batch: Sequence[Any], wanted: dict[Any, UUID], report: Report
    ) -> dict[Any, Any]:
        """Return Django's users or groups by the keys of the objects."""
        moved = [one for one in batch if one.pk in wanted]
        if not contract.is_separate(owner):
            return {one.pk: one for one in moved}
        there = ScimGroup.objects.filter(pk__in=wanted.values()).select_related("group")
        known = {row.pk: row.group for row in there}
        found: dict[Any, Any] = {}
        for one in moved:
            account = known.get(wanted[one.pk]) or self._group(one, report)
            if account is None:
                del wanted[one.pk]
            else:
                found[one.pk] = account
        return found

    def _group(self, one: Any, report: Report) -> Group | None:
        """Make the group of a row that stands beside Django's, unsaved where nothing is written."""
        group = Group(name=group_name(one.name))
        if Group.objects.filter(name=group.name).exists():
            # One that is there may carry permissions: nobody gets them by a name.
            report.leave_out(f"{one.name}: another group has that name")
            return None
        report.added += 1
        if self.writes:
            group.save()
        return group

    def _rows(
        self, owner: str, accounts: dict[Any, Any], wanted: dict[Any, UUID], report: Report
    ) -> dict[Any, Any]:
        """Return the SCIM rows by the keys of the objects, made where they are missing."""
        keys = {account.pk: key for key, account in accounts.items() if account.pk is not None}
        rows = _model(owner)._default_manager.filter(**{f"{owner}__in": list(keys)})
        there = {getattr(row, f"{owner}_id"): row for row in rows}
        missing = [accounts[key] for pk, key in keys.items() if pk not in there]
        report.added += len(missing)
        if missing and self.writes:
            there |= {getattr(row, f"{owner}_id"): row for row in _add(owner, missing)}
        return {keys[pk]: row for pk, row in there.items()}

    def _rekey(self, owner: str, row: Any, key: UUID, report: Report) -> None:
        """Give a row its id of before, and what points to it with it."""
        if row.pk == key:
            return
        report.ids += not contract.is_separate(owner)
        if not self.writes:
            return
        pointing: list[Any] = [ExternalId, Finding] + ([MultiValue] if owner == "user" else [])
        before = row.pk
        _model(owner)._default_manager.filter(pk=before).update(id=key)
        for other in pointing:
            other._default_manager.filter(**{owner: before}).update(**{owner: key})
        row.pk = key

    def _external_ids(
        self, owner: str, moved: Sequence[Any], wanted: dict[Any, UUID], report: Report
    ) -> None:
        sent = {wanted[o.pk]: o.scim_external_id for o in moved if _external_id(o)}
        place = {"connection": self.connection, f"{owner}__in": sent}
        rows = ExternalId.objects.filter(**place)
        there = dict(rows.values_list(f"{owner}_id", "value"))
        differing = {key: value for key, value in sent.items() if there.get(key) != value}
        report.external_ids += len(differing)
        if not (differing and self.writes):
            return
        fresh = [
            ExternalId(
                connection=self.connection,
                value=value,
                value_key=lookup_key(value),
                **{f"{owner}_id": key},
            )
            for key, value in differing.items()
        ]
        ExternalId.objects.bulk_create(
            fresh,
            update_conflicts=True,
            update_fields=["value", "value_key"],
            unique_fields=[owner, "connection"],
        )

    def _own(self, moved: Sequence[Any], owner: str, rows: dict[Any, Any], report: Report) -> None:
        """Give those that a client provisioned, and that it may change, to the connection."""
        mine = [
            rows[one.pk].pk
            for one in moved
            if _external_id(one) and one.pk in rows and _is_free(rows[one.pk])
        ]
        # Where nothing is written yet, rows are not there.
        report.owned += len(mine) + sum(bool(_external_id(o)) for o in moved if o.pk not in rows)
        if mine and self.writes:
            model = _model(owner)
            model._default_manager.filter(pk__in=mine).update(connection=self.connection)

    def _members(self, groups: Sequence[tuple[Any, Group]], report: Report) -> None:
        """Put the members of rows that stand beside Django's groups into those."""
        through, user, group = membership()
        for one, account in groups:
            if not hasattr(one, "user_set"):
                continue
            there = through._default_manager.filter(**{f"{group}_id": account.pk}).values(user)
            missing = one.user_set.exclude(pk__in=there).values_list("pk", flat=True)
            report.memberships += missing.count()
            if not self.writes:
                continue
            while keys := list(missing.order_by("pk")[:BATCH]):
                fresh = [through(**{f"{user}_id": key, f"{group}_id": account.pk}) for key in keys]
                through._default_manager.bulk_create(fresh)


def total() -> int:
    """Return how many users and groups there are to go through."""
    return sum(contract.model(owner)._default_manager.count() for owner in ("user", "group"))


def wants_connection() -> bool:
    """Whether there are external ids, which are a connection's."""
    return any(
        model._default_manager.exclude(scim_external_id=None).exclude(scim_external_id="").exists()
        for model in map(contract.model, ("user", "group"))
        if hasattr(model, "scim_external_id")
    )


def _batches(model: Any) -> Iterator[list[Any]]:
    rows, last = model._default_manager.order_by("pk"), None
    while batch := list(rows.filter(pk__gt=last)[:BATCH] if last is not None else rows[:BATCH]):
        yield batch
        last = batch[-1].pk


def _model(owner: str) -> Any:
    return ScimUser if owner == "user" else ScimGroup


def _add(owner: str, missing: Sequence[Any]) -> Sequence[Any]:
    if owner == "group":
        return sync.add_groups(missing)
    return sync.add_users(missing, ownership.protected_among(missing))


def _is_free(row: Any) -> bool:
    return row.connection_id is None and row.listed


def _external_id(one: Any) -> str | None:
    found: str | None = getattr(one, "scim_external_id", None)
    return found or None
