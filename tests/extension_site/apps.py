"""The app's registration."""

from __future__ import annotations

from django.apps import AppConfig


class ExtensionSiteConfig(AppConfig):
    """Devices, provisioned over SCIM."""

    name = "tests.extension_site"
    label = "extension_site"
    default_auto_field = "django.db.models.BigAutoField"
