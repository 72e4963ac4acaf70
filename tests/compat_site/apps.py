from __future__ import annotations

from django.apps import AppConfig


class CompatSiteConfig(AppConfig):
    name = "tests.compat_site"
    label = "compat_site"
    default_auto_field = "django.db.models.AutoField"
