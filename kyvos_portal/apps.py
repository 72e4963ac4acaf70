"""The portal's own app: its user model and commands."""

from __future__ import annotations

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The portal."""

    name = "kyvos_portal"
    verbose_name = "Portal"
    default_auto_field = "django.db.models.BigAutoField"
