"""Joins the two apps, which know nothing of each other."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from onboarding import services
from onboarding.models import GroupRole
from scim_provisioning.directory import sync
from scim_provisioning.models import ScimGroup
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.signals import user_deprovisioned, user_provisioned

from .scim import source, welcome_mail


@receiver(post_save, sender=GroupRole, dispatch_uid="portal_group_role_given")
@receiver(post_delete, sender=GroupRole, dispatch_uid="portal_group_role_taken")
def group_role_changed(instance: GroupRole, **_: object) -> None:
    """A local group that gets a role goes out of SCIM's reach, and comes back without."""
    row = ScimGroup.objects.select_related("group").filter(group=instance.group_id).first()
    # Without a row the group itself is being deleted.
    if row is not None:
        sync.sync_group(row.group)


@receiver(user_provisioned, dispatch_uid="portal_onboards")
def onboard(
    user: Any, connection_id: int, document: Json, created: bool, notes: list[str], **_: object
) -> None:
    """Give a new user what is configured; a linked account keeps what it has."""
    profile = services.onboard(
        user, source(connection_id), existed=not created, welcome_mail=welcome_mail(document)
    )
    notes.extend(profile.warnings)


@receiver(user_deprovisioned, dispatch_uid="portal_offboards")
def offboard(user_id: Any, erased: bool, **_: object) -> None:
    """Take role and default entities from an account that is kept but out of use."""
    if not erased:
        services.offboard(user_id)
