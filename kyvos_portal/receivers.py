"""Joins the two apps, which know nothing of each other."""

from __future__ import annotations

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from onboarding.models import GroupRole
from scim_provisioning.directory import sync
from scim_provisioning.models import ScimGroup


@receiver(post_save, sender=GroupRole, dispatch_uid="portal_group_role_given")
@receiver(post_delete, sender=GroupRole, dispatch_uid="portal_group_role_taken")
def group_role_changed(instance: GroupRole, **_: object) -> None:
    """A local group that gets a role goes out of SCIM's reach, and comes back without."""
    row = ScimGroup.objects.select_related("group").filter(group=instance.group_id).first()
    # Without a row the group itself is being deleted.
    if row is not None:
        sync.sync_group(row.group)
