"""Signal receivers of the app."""

from __future__ import annotations

from django.db.models import ProtectedError
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from .models import Role


@receiver(pre_delete, sender=Role, dispatch_uid="onboarding_role_stays")
def built_in_roles_stay(instance: Role, **_: object) -> None:
    """Refuse to delete a built-in role, whoever asks."""
    if instance.built_in:
        raise ProtectedError(f"{instance} is built in and stays.", {instance})
