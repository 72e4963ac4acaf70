"""Which group has which role."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from onboarding import services
from onboarding.models import GroupRole

from .base import GivesRoles, may_allow_administrators


@admin.register(GroupRole)
class GroupRoleAdmin(GivesRoles):
    """Roles by group: whoever fills a group gives its role, a connection too."""

    list_display = ("group", "role", "administrator_allowed", "given_by", "given")
    list_filter = ("role",)
    search_fields = ("group__name__startswith",)
    raw_id_fields = ("group",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The group of a row never changes; who gave the role is known once it is given."""
        return ("group", "given_by", "given") if obj else ()

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show the mark for administrators to those who may set it."""
        return () if may_allow_administrators(request) else ("administrator_allowed",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Give the role, with the person's name."""
        allowed = obj.administrator_allowed
        given = services.give_group(
            obj.group, obj.role, request.user, administrator_allowed=allowed
        )
        obj.pk = given.pk

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupRole]:
        """Fetch along what every page names."""
        return super().get_queryset(request).select_related("group", "role", "given_by")
