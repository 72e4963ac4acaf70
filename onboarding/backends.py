"""Roles become permissions: ``user.has_perm`` asks the role in effect."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend

from .services import roles


class RoleBackend(BaseBackend):
    """Grants what the highest role of a user holds; it signs nobody in.

    Two statements, once per user object: what changes takes effect at the next request.
    """

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the names of the permissions; none on single objects, as in ModelBackend."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_role_permissions"):
            user_obj._role_permissions = self._load(user_obj)
        held: set[str] = user_obj._role_permissions
        return held

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return none: a role is one thing, whether a user's or a group's."""
        return set()

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether any permission of an app is among them."""
        return any(
            name.partition(".")[0] == app_label for name in self.get_all_permissions(user_obj)
        )

    def _load(self, user: Any) -> set[str]:
        role = roles.in_effect(user.pk).first()
        if role is None:
            return set()
        names = roles.permissions(role).values_list("content_type__app_label", "codename")
        return {f"{label}.{codename}" for label, codename in names.order_by()}
