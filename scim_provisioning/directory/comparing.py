"""Accounts and groups beside their SCIM rows: what the two say otherwise, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import QuerySet

from scim_provisioning.models import MultiValue, ScimGroup, ScimUser
from scim_provisioning.resources import mirror
from scim_provisioning.resources.mapping import primary_value

from . import sync
from .accounts import group_name
from .ownership import privileged_groups, protected_among

Differences = dict[Any, list[str]]
"""An account's or a group's key → what its SCIM row says otherwise."""


@dataclass(frozen=True, slots=True)
class Side:
    """Users or groups: Django's rows, their SCIM rows, and how the two are compared and joined."""

    owner: str
    accounts: QuerySet[Any]
    rows: Any
    name: str
    compare: Callable[[Sequence[Any]], Differences]
    add: Callable[[Sequence[Any]], object]
    mend: Callable[[Any], object]


def of_users() -> Side:
    """Return the accounts."""
    # One statement reads account and row: two would differ while a client writes.
    accounts = get_user_model()._default_manager.select_related("scim")
    return Side("user", accounts, ScimUser, "user_name", _compare_users, _add_users, _mend_user)


def of_groups() -> Side:
    """Return the groups."""
    groups, name = Group.objects.select_related("scim"), "display_name"
    add, mend = sync.add_groups, sync.sync_group
    return Side("group", groups, ScimGroup, name, _compare_groups, add, mend)


def row_of(account: Any) -> Any:
    """Return the SCIM row of an account or a group, None where it has none."""
    return getattr(account, "scim", None)


def _compare_users(users: Sequence[Any]) -> Differences:
    known = [user for user in users if row_of(user) is not None]
    protected = set(protected_among(known))
    emails = _emails([row_of(user) for user in known])
    found = {
        user.pk: _user_differences(user, emails.get(row_of(user).pk), user.pk in protected)
        for user in known
    }
    return {key: names for key, names in found.items() if names}


def _emails(rows: Sequence[ScimUser]) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = {}
    values = MultiValue.objects.filter(user__in=rows, attribute="emails").order_by("position")
    for owner, value, primary in values.values_list("user_id", "value", "primary"):
        found.setdefault(owner, []).append({"value": value, "primary": primary})
    return found


def _user_differences(user: Any, emails: Any, protected: bool) -> list[str]:
    row = row_of(user)
    if row.deleted is not None:
        return ["deleted"] if row.listed or row.active or row.user_name_key else []
    names = [name for name, value in sync.facts(user).items() if getattr(row, name) != value]
    if mirror.EMAIL in mirror.fields() and primary_value(emails) != sync.email_of(user):
        names.append("emails")
    if row.listed != sync.is_user_listed(row, protected=protected):
        names.append("listed")
    return names


def _add_users(users: Sequence[Any]) -> None:
    sync.add_users(users, protected_among(users))


def _mend_user(user: Any) -> None:
    if row_of(user) is not None and row_of(user).deleted is not None:
        dead = {"listed": False, "active": False, "user_name_key": None}
        ScimUser.objects.filter(pk=row_of(user).pk).update(**dead)
    else:
        sync.sync_user(user)


def _compare_groups(groups: Sequence[Group]) -> Differences:
    keys = [group.pk for group in groups]
    carrying = set(privileged_groups().filter(pk__in=keys).values_list("pk", flat=True))
    found = {g.pk: _group_differences(g, g.pk in carrying) for g in groups if row_of(g) is not None}
    return {key: names for key, names in found.items() if names}


def _group_differences(group: Group, carries: bool) -> list[str]:
    row = row_of(group)
    listed = sync.is_seen_anyway(row) or not carries
    names = ["display_name"] if group_name(row.display_name) != group.name else []
    return [*names, "listed"] if row.listed != listed else names
