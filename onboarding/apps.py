"""The app's registration: it connects signal receivers and registers checks, nothing else."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OnboardingConfig(AppConfig):
    """First Login Actions."""

    name = "onboarding"
    verbose_name = _("Onboarding")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers and register the checks."""
        from onboarding import checks, receivers, roles  # noqa: F401  models must be loaded

        post_migrate.connect(
            roles.ensure_after_migrate, sender=self, dispatch_uid="onboarding_roles"
        )
