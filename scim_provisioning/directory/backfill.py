"""Rows for what was there before, and the drift that signals cannot see.

Small batches in the order of keys: no long transaction, no locked table, and memory
for one batch only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet

from scim_provisioning.models import Connection, FindingKind, MultiValue, ScimGroup, ScimUser
from scim_provisioning.resources import mirror
from scim_provisioning.resources.mapping import primary_value

from . import sync
from .accounts import group_name
from .ownership import draft, record

BATCH = 500
Progress = Callable[[int], Any]


@dataclass(slots=True)
class Report:
    """How many rows were missing, and how many said something else than the account."""

    users_added: int = 0
    groups_added: int = 0
    users_drifted: int = 0
    groups_drifted: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether there was nothing to do."""
        return not any(
            (self.users_added, self.groups_added, self.users_drifted, self.groups_drifted)
        )


def run(*, mend: bool = True, progress: Progress = lambda done: None) -> Report:
    """Go through every account and group; ``mend`` writes what is missing or wrong."""
    report = Report()
    users: QuerySet[Any] = get_user_model()._default_manager.all()
    for batch in _batches(users):
        _users(batch, report, mend=mend)
        progress(len(batch))
    for groups in _batches(Group.objects.all()):
        _groups(groups, report, mend=mend)
        progress(len(groups))
    return report


def total() -> int:
    """Return how many accounts and groups there are to go through."""
    return int(get_user_model()._default_manager.count()) + Group.objects.count()


def _batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    last = None
    while True:
        page = rows.order_by("pk") if last is None else rows.order_by("pk").filter(pk__gt=last)
        batch = list(page[:BATCH])
        if not batch:
            return
        yield batch
        last = batch[-1].pk


def _users(users: Sequence[Any], report: Report, *, mend: bool) -> None:
    keys = [user.pk for user in users]
    rows = {row.user_id: row for row in ScimUser.objects.filter(user__in=keys)}
    protected = set(protected_among(users))
    missing = [user for user in users if user.pk not in rows]
    emails = _emails(list(rows.values()))
    drifted = [
        user
        for user in users
        if (row := rows.get(user.pk)) and _has_drifted(user, row, emails, user.pk in protected)
    ]
    report.users_added += len(missing)
    report.users_drifted += len(drifted)
    if not mend:
        return
    if missing:
        with transaction.atomic():
            sync.add_users(missing, protected)
    for user in drifted:
        with transaction.atomic():
            record(draft(FindingKind.DRIFT, "user", rows[user.pk].pk), None)
            sync.sync_user(user)


def protected_among(users: Sequence[Any]) -> list[Any]:
    """Return the keys of the accounts that are out of SCIM's reach."""
    keys = [user.pk for user in users]
    acting = Connection.objects.filter(acting_user__in=keys).values_list("acting_user", flat=True)
    privileged = [
        user.pk
        for user in users
        if getattr(user, "is_staff", False) or getattr(user, "is_superuser", False)
    ]
    return [*acting, *privileged]


def _emails(rows: Sequence[ScimUser]) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = {}
    values = MultiValue.objects.filter(user__in=rows, attribute="emails").order_by("position")
    for owner, value, primary in values.values_list("user_id", "value", "primary"):
        found.setdefault(owner, []).append({"value": value, "primary": primary})
    return found


def _has_drifted(
    user: Any, row: ScimUser, emails: dict[Any, list[dict[str, Any]]], protected: bool
) -> bool:
    if row.deleted is not None:
        return False
    if row.listed != (row.link_allowed or not protected):
        return True
    if any(getattr(row, name) != value for name, value in sync.facts(user).items()):
        return True
    knows_email = mirror.EMAIL in mirror.fields()
    return knows_email and primary_value(emails.get(row.pk)) != sync.email_of(user)


def _groups(groups: Sequence[Group], report: Report, *, mend: bool) -> None:
    rows = {row.group_id: row for row in ScimGroup.objects.filter(group__in=groups)}
    missing = [group for group in groups if group.pk not in rows]
    carrying = set(
        Group.permissions.through.objects.filter(group__in=groups).values_list(
            "group_id", flat=True
        )
    )
    drifted = [
        group
        for group in groups
        if (row := rows.get(group.pk)) and _group_has_drifted(group, row, group.pk in carrying)
    ]
    report.groups_added += len(missing)
    report.groups_drifted += len(drifted)
    if mend:
        with transaction.atomic():
            sync.add_groups(missing)
            for group in drifted:
                record(draft(FindingKind.DRIFT, "group", rows[group.pk].pk), None)
                sync.sync_group(group)


def _group_has_drifted(group: Group, row: ScimGroup, carries: bool) -> bool:
    listed = row.connection_id is not None or row.link_allowed or not carries
    return group_name(row.display_name) != group.name or row.listed != listed
