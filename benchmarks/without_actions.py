"""Settings of the portal without First Login Actions: what provisioning alone costs."""

from __future__ import annotations

from django.apps import AppConfig

from kyvos_portal.settings import *  # noqa: F403
from kyvos_portal.settings import INSTALLED_APPS as APPS

INSTALLED_APPS = [*APPS, "without_actions.WithoutActions"]


class WithoutActions(AppConfig):
    """Lets nobody hear of a new user."""

    name = "without_actions"

    def ready(self) -> None:
        """Take the portal's receiver away."""
        from scim_provisioning.signals import user_provisioned

        if not user_provisioned.disconnect(dispatch_uid="portal_onboards"):
            raise RuntimeError("There was no such receiver.")
