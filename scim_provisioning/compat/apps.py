"""The app's registration: it lets a site's django-scim2 code have its say."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class CompatConfig(AppConfig):
    """Code written for django-scim2, on this engine."""

    name = "scim_provisioning.compat"
    label = "scim_provisioning_compat"
    verbose_name = "django-scim2"

    def ready(self) -> None:
        """Install the site's code, and register the checks."""
        from scim_provisioning import hosting
        from scim_provisioning.compat import checks

        register(checks.check_django_scim2, Tags.compatibility)
        register(checks.check_service_provider, Tags.compatibility)
        if not checks.problem():
            # It imports the package, which a check has found.
            from scim_provisioning.compat.host import DjangoScim2

            hosting.install(DjangoScim2)
