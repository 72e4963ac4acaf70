"""Signal receivers that keep the SCIM rows true when accounts change elsewhere.

They miss ``QuerySet.update``, ``bulk_create`` and raw SQL: ``scim_backfill`` finds and
mends those. Writes of the directory itself are marked and passed over.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import F
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver
from django.utils import timezone

from .directory import nesting, sync
from .directory.membership import changed_elsewhere
from .models import Connection, ScimGroup
from .resources.relations import membership

UNSEEN = {"last_login", "password"}
"""Fields that SCIM does not show: a save of these alone moves no version."""


def in_charge(instance: Any) -> bool:
    """Whether the directory itself writes this row."""
    return getattr(instance, "_scim_in_charge", False)


@receiver(post_save, sender=get_user_model(), dispatch_uid="scim_user_saved")
def user_saved(instance: Any, raw: bool, update_fields: Any, **_: object) -> None:
    """Follow an account that was made or changed."""
    if raw or in_charge(instance) or (update_fields and set(update_fields) <= UNSEEN):
        return
    sync.sync_user(instance)


@receiver(post_save, sender=Group, dispatch_uid="scim_group_saved")
def group_saved(instance: Group, raw: bool, **_: object) -> None:
    """Follow a group that was made or renamed."""
    if not raw and not in_charge(instance):
        sync.sync_group(instance)


@receiver(pre_delete, sender=Group, dispatch_uid="scim_group_deleted")
def group_deleted(instance: Group, **_: object) -> None:
    """Take a group out of the groups that hold it, whoever deletes it."""
    nesting.forget(instance.pk)


@receiver(m2m_changed, sender=Group.permissions.through, dispatch_uid="scim_group_permissions")
def group_permissions_changed(instance: Any, action: str, pk_set: Any, **_: object) -> None:
    """A local group that gets permissions goes out of SCIM's reach, and comes back without."""
    if action.startswith("post_"):
        groups = (
            [instance] if isinstance(instance, Group) else Group.objects.filter(pk__in=pk_set or ())
        )
        for group in groups:
            sync.sync_group(group)


@receiver(pre_save, sender=Connection, dispatch_uid="scim_connection_saving")
def connection_changing(instance: Connection, **_: object) -> None:
    """Remember who acted for a connection until now."""
    rows = Connection.objects.filter(pk=instance.pk)
    instance._acted = list(rows.values_list("acting_user", flat=True))  # type: ignore[attr-defined]


@receiver(post_save, sender=Connection, dispatch_uid="scim_connection_saved")
@receiver(post_delete, sender=Connection, dispatch_uid="scim_connection_deleted")
def connection_changed(instance: Connection, **_: object) -> None:
    """The acting user of a connection is protected; who was it before is not any more."""
    keys = [instance.acting_user_id, *getattr(instance, "_acted", ())]
    for user in get_user_model()._default_manager.filter(pk__in=keys):
        sync.sync_user(user)


@receiver(m2m_changed, dispatch_uid="scim_membership_changed")
def membership_changed(sender: Any, instance: Any, action: str, pk_set: Any, **_: object) -> None:
    """Move the versions of the groups whose members changed."""
    if sender is not membership()[0] or in_charge(instance):
        return
    changed_elsewhere.set(True)
    if action not in ("post_add", "post_remove", "pre_clear"):
        return
    if isinstance(instance, Group):
        keys = [instance.pk]
    else:
        keys = list(instance.groups.values_list("pk", flat=True)) if pk_set is None else pk_set
    ScimGroup.objects.filter(group__in=keys).update(
        version=F("version") + 1, last_modified=timezone.now()
    )
