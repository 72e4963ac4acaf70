"""What was done for each user, and the role that a person gives."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from onboarding import services
from onboarding.models import OnboardingConfiguration, UserProfile

from .base import GivesRoles, address


@admin.register(UserProfile)
class UserProfileAdmin(GivesRoles):
    """Users, newest first: role, what was applied, and what waits."""

    list_display = ("user", "role", "role_origin", "source", "onboarded", "skipped")
    list_filter = ("role", "skipped")
    raw_id_fields = ("user",)
    fieldsets = (
        (None, {"fields": ("user", "role", "role_given_by", "role_given", "in_effect")}),
        (
            _("First Login Actions"),
            {
                "fields": (
                    "source", "by_revision", "onboarded", "skipped", "pending", "warned", "mail",
                    "first_sign_in",
                )
            },
        ),
        (_("Preferences"), {"fields": ("locale", "timezone", "preferred_language")}),
        (_("Default entities"), {"fields": ("entities",)}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserProfile]:
        """Fetch along what every page names."""
        return super().get_queryset(request).select_related("user", "role", "role_given_by")

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search what the site's users sign in with, from its beginning: an index serves that."""
        return (f"user__{get_user_model().USERNAME_FIELD}__startswith",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Records go with their users."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of a new row only the role."""
        return self.fieldsets if obj else ((None, {"fields": ("user", "role")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The record is not written by hand."""
        if obj is None:
            return ()
        names = [name for _label, part in self.fieldsets for name in part["fields"]]
        return [name for name in names if name != "role"]

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Look up once what the page tells of the user."""
        found: Any = super().get_object(request, *args, **kwargs)
        if found is not None:
            found.known = services.describe(found.user)
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Give the role, with the person's name."""
        if "role" in form.changed_data or not change:
            obj.pk = services.give(obj.user, obj.role, request.user).pk

    @admin.display(description=_("role in effect"))
    def in_effect(self, obj: Any) -> Any:
        """The highest of the user's roles, and where it comes from."""
        effective = obj.known.effective
        if effective is None:
            return _("None.")
        origin = render_to_string("onboarding/role_origin.html", {"effective": effective})
        return format_html("{}, {}", effective.role, mark_safe(origin.strip()))

    @admin.display(description=_("by revision"))
    def by_revision(self, obj: Any) -> str | None:
        """The text that was applied, with the way to it."""
        revision = obj.known.profile.revision
        if revision is None:
            return None
        key = revision.configuration_id
        url = address(self.admin_site, OnboardingConfiguration, "history", key)
        linked = format_html('<a href="{}#revision-{}">{}</a>', url, revision.pk, revision)
        return linked if url else str(revision)

    @admin.display(description=_("still to come"))
    def pending(self, obj: Any) -> str | None:
        """The keys of the text whose effect waits."""
        return ", ".join(obj.known.pending) or None

    @admin.display(description=_("warnings"))
    def warned(self, obj: Any) -> str | None:
        """Where what happened is not what the text asks for."""
        return " ".join(obj.warnings) or None

    @admin.display(description=_("welcome mail"))
    def mail(self, obj: Any) -> str | None:
        """How far the mail has come."""
        mail = obj.known.mail
        return mail.get_state_display() if mail else None

    @admin.display(description=_("default entities"))
    def entities(self, obj: Any) -> SafeString | None:
        """What the user's home shows."""
        pairs = ((entity.kind, entity.name) for entity in obj.known.entities)
        items = format_html_join("", "<li>{}: {}</li>", pairs)
        return format_html("<ul>{}</ul>", items) if items else None


def record_of(user: Any, site: AdminSite) -> SafeString:
    """Return a user's role and record in short, for a page of the user on an admin site."""
    known = services.describe(user)
    add = address(site, UserProfile, "add")
    context = {
        "known": known,
        "record": known.profile and address(site, UserProfile, "change", known.profile.pk),
        "add": add and f"{add}?user={user.pk}",
    }
    return render_to_string("onboarding/admin/record.html", context)
