"""Who may change what: protection, ownership, and the linking of local accounts.

The connection that made a resource owns it. A local one without privilege is linked by
the first connection that writes to it; anything else waits for an administrator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from scim_provisioning import conf
from scim_provisioning.models import Connection, Finding, FindingKind, ScimUser
from scim_provisioning.protocol.errors import Forbidden

from .rows import Stored


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding to be written once the refused transaction is rolled back."""

    kind: FindingKind
    user_id: UUID | None = None
    group_id: UUID | None = None
    detail: str = ""


class NeedsAdministrator(Forbidden):
    """403: an administrator has to allow it first; it carries the finding."""

    def __init__(self, detail: str, draft: Draft) -> None:
        super().__init__(detail)
        self.draft = draft


def is_protected_user(user: Any) -> bool:
    """Whether an account is out of SCIM's reach: staff, superusers and acting users."""
    return _is_staff(user) or Connection.objects.filter(acting_user=user.pk).exists()


def _is_staff(user: Any) -> bool:
    return bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))


def is_protected_group(group_id: Any) -> bool:
    """Whether a *local* group is out of SCIM's reach: it carries permissions or privileges."""
    return privileged_groups().filter(pk=group_id).exists()


def privileged_groups() -> QuerySet[Group]:
    """Return the groups that carry permissions, or what the site says is one."""
    other = conf.condition(conf.current().privileged_groups)
    return Group.objects.filter(Q(permissions__isnull=False) | other)


def has_privilege(user_id: Any) -> bool:
    """Whether an account holds permissions, of its own or by a group, or another privilege."""
    users: Any = get_user_model()._default_manager
    return bool(users.filter(pk=user_id).filter(_privilege()).exists())


def privileged_among(user_ids: Sequence[Any]) -> set[Any]:
    """Return which accounts are out of SCIM's reach or have a privilege, by three statements."""
    users = get_user_model()._default_manager.filter(pk__in=user_ids)
    return {*protected_among(list(users)), *holding_among(user_ids)}


def holding_among(user_ids: Sequence[Any]) -> set[Any]:
    """Return which accounts hold permissions or another privilege, by one statement."""
    users = get_user_model()._default_manager.filter(pk__in=user_ids)
    return set(users.filter(_privilege()).values_list("pk", flat=True).distinct())


def protected_among(users: Sequence[Any]) -> list[Any]:
    """Return the keys of the accounts that are out of SCIM's reach, by one query."""
    keys = [user.pk for user in users]
    acting = Connection.objects.filter(acting_user__in=keys).values_list("acting_user", flat=True)
    return [*acting, *(user.pk for user in users if _is_staff(user))]


def _privilege() -> Q:
    own = Q(user_permissions__isnull=False) | Q(groups__permissions__isnull=False)
    own |= conf.condition(conf.current().privileged_users)
    if conf.current().nested_groups:
        own |= Q(groups__scim_above__ancestor__permissions__isnull=False)
    return own


def passes_privileges(group_id: Any) -> bool:
    """Whether a group's members have the permissions, or the privilege, of a group around it."""
    outer = privileged_groups().filter(scim_below__descendant=group_id)
    return conf.current().nested_groups and outer.exists()


def draft(kind: FindingKind, owner: str | None, identifier: UUID, detail: str = "") -> Draft:
    """Return the draft of a finding about a user, a group, or (in words) anything else."""
    user = identifier if owner == "user" else None
    group = identifier if owner == "group" else None
    return Draft(kind, user, group, detail if owner else f"{identifier} {detail}".strip())


def own_id(user_id: Any) -> UUID | None:
    """Return the SCIM id of an account, None where it has no row."""
    return ScimUser.objects.filter(user=user_id).values_list("pk", flat=True).first()


def claim(row: Stored, connection_id: int, owner: str | None) -> bool:
    """Check that the connection may write to a row; return whether that links it.

    Raises Forbidden.
    """
    if not row.listed:
        raise Forbidden("The resource is protected and cannot be changed by SCIM.")
    if row.connection_id == connection_id:
        return False
    if row.connection_id is not None:
        found = draft(FindingKind.FOREIGN, owner, row.id)
        raise NeedsAdministrator("The resource belongs to another connection.", found)
    held = None if row.link_allowed else _held(row.owner_id, owner)
    if held is not None:
        found = draft(FindingKind.UNAPPROVED, owner, row.id)
        raise NeedsAdministrator(f"{held}: an administrator has to allow it.", found)
    return True


def _held(owner_id: Any, owner: str | None) -> str | None:
    """Tell why a local account or group is not linked unasked, None where it may be."""
    if owner == "user" and has_privilege(owner_id):
        return "The account is local and holds permissions or a role"
    if owner == "group" and passes_privileges(owner_id):
        return "The group is local and within one that has permissions or a role"
    return None


def record(found: Draft, connection_id: int | None) -> None:
    """Write a finding, or count it again where it is open."""
    now = timezone.now()
    same = Finding.objects.filter(
        kind=found.kind,
        connection=connection_id,
        user_id=found.user_id,
        group_id=found.group_id,
        resolved=None,
    )
    if not same.update(count=F("count") + 1, last_seen=now):
        Finding.objects.create(
            kind=found.kind,
            connection_id=connection_id,
            user_id=found.user_id,
            group_id=found.group_id,
            detail=found.detail,
        )
