"""Permissions by way of nested groups, for ``AUTHENTICATION_BACKENDS``."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import Permission


class NestedGroupsBackend(BaseBackend):
    """Gives people the permissions of the groups that hold their groups; signs nobody in.

    Django's ``user.groups`` stays what it is, the groups that somebody is in directly; those
    permissions come from the site's other backend.
    """

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return ``app.codename`` of every permission that an outer group has."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_nested_group_perm_cache"):
            groups: Any = get_user_model()._meta.get_field("groups")
            people = f"group__scim_below__descendant__{groups.related_query_name()}"
            found = Permission.objects.filter(**{people: user_obj}).order_by().distinct()
            names = found.values_list("content_type__app_label", "codename")
            user_obj._nested_group_perm_cache = {f"{app}.{name}" for app, name in names}
        permissions: set[str] = user_obj._nested_group_perm_cache
        return permissions
