"""What was done for each user, and the role that a person gives."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from onboarding import services
from onboarding.models import UserProfile

from .base import GivesRoles

EDITABLE = ("user", "role")


@admin.register(UserProfile)
class UserProfileAdmin(GivesRoles):
    """Users, newest first: role, what was applied, and what waits."""

    list_display = (
        "user",
        "role",
        "role_origin",
        "source",
        "onboarded",
        "skipped",
        "first_sign_in",
    )
    list_select_related = ("user", "role")
    list_filter = ("role", "skipped")
    raw_id_fields = ("user",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search what the site's users sign in with, from its beginning: an index serves that."""
        return (f"user__{get_user_model().USERNAME_FIELD}__startswith",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Records go with their users."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The role first; of a new row only that."""
        return EDITABLE if obj is None else (*EDITABLE, *self.get_readonly_fields(request, obj)[1:])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The record is not written by hand."""
        if obj is None:
            return ()
        names = [field.name for field in self.model._meta.fields if field.name != "id"]
        return ["user", *(name for name in names if name not in EDITABLE)]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Give the role, with the person's name."""
        if "role" in form.changed_data or not change:
            obj.pk = services.give(obj.user, obj.role, request.user).pk
