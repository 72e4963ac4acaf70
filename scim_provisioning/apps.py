"""The app's registration: it connects signal receivers and registers checks, nothing else."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScimProvisioningConfig(AppConfig):
    """SCIM 2.0 provisioning of Django users and groups."""

    name = "scim_provisioning"
    verbose_name = _("Identity provisioning")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers and register the checks."""
        from scim_provisioning import checks, receivers  # noqa: F401  models must be loaded
