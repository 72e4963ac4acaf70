"""Password sign-in to pages."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from scim_provisioning.models import Connection


class PortalBackend(ModelBackend):
    """Django's own, which service accounts of connections do not pass: they have no pages."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether an account may open pages."""
        if not super().user_can_authenticate(user):
            return False
        return not Connection.objects.filter(acting_user=user.pk).exists()
