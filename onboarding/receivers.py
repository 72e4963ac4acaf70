"""Signal receivers of the app."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from .models import Role
from .services import first_sign_in


@receiver(pre_delete, sender=Role, dispatch_uid="onboarding_role_stays")
def built_in_roles_stay(instance: Role, **_: object) -> None:
    """Refuse to delete a built-in role, whoever asks."""
    if instance.built_in:
        raise ProtectedError(f"{instance} is built in and stays.", {instance})


@receiver(user_logged_in, dispatch_uid="onboarding_signed_in")
def signed_in(user: Any, **_: object) -> None:
    """Apply what waited for the person."""
    first_sign_in(user)
