"""The portal's own app: its user model and commands."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

from . import migrating


class PortalConfig(AppConfig):
    """The portal."""

    name = "kyvos_portal"
    verbose_name = _("Portal")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Join the two apps, connect what happens around sign-ins, and register the checks."""
        from kyvos_portal import (
            checks,  # noqa: F401
            receivers,  # noqa: F401  models must be loaded
        )
        from kyvos_portal.signin import checks as sign_in_checks  # noqa: F401
        from kyvos_portal.signin import receivers as sign_ins  # noqa: F401

        pre_migrate.connect(migrating.begin, sender=self, dispatch_uid="portal_migrates")
        post_migrate.connect(migrating.end, sender=self, dispatch_uid="portal_migrated")
