"""The portal's users in the admin."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from onboarding.admin.group_roles import role_of
from onboarding.admin.permissions import field_for
from onboarding.admin.profiles import record_of
from scim_provisioning.admin.accounts import ProvisionedGroup, ProvisionedUser
from scim_provisioning.admin.kept import without

from .models import User
from .signin.admin import IdentityInline, ended, sign_ins

admin.site.site_header = _("Portal administration")
admin.site.site_title = _("Portal")
admin.site.index_title = _("Administration")

# The toolkit's rows are kept by the pages of connections: its own would only lead astray.
for name in ("Application", "AccessToken", "Grant", "IDToken", "RefreshToken"):
    admin.site.unregister(apps.get_model("oauth2_provider", name))


class PermissionsInGroups(admin.ModelAdmin):  # type: ignore[type-arg]
    """Permissions are ticked in groups, which needs no script."""

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        """Return the form field of a relation."""
        if db_field.remote_field.model is Permission:
            return field_for(db_field)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


admin.site.unregister(Group)


@admin.register(Group)
class PortalGroupAdmin(ProvisionedGroup, PermissionsInGroups, GroupAdmin):
    """Django's own page, with permissions in groups."""

    show_full_result_count = False
    filter_horizontal = ()
    readonly_fields = ("role",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the role that the group gives."""
        fieldsets = without(super().get_fieldsets(request, obj), "role")
        if obj is None or not request.user.has_perm("onboarding.view_grouprole"):
            return fieldsets
        return (*fieldsets, (_("Onboarding"), {"fields": ("role",)}))

    @admin.display(description=_("role that it gives"))
    def role(self, obj: Any) -> str:
        """Show the role with the way to it, or to giving one."""
        return role_of(obj, self.admin_site)

    class Media:
        css = {"all": ("onboarding/admin.css",)}


@admin.register(User)
class PortalUserAdmin(ProvisionedUser, PermissionsInGroups, UserAdmin):  # type: ignore[type-arg]
    """Django's own page, fit for many users."""

    show_full_result_count = False
    filter_horizontal = ()
    raw_id_fields = ("groups",)
    inlines = (IdentityInline,)
    readonly_fields = ("onboarding", "last_sign_ins", "last_login", "date_joined")

    class Media:
        css = {"all": ("onboarding/admin.css",)}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the role and what was applied, how a user signed in, and what was ended."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        return (
            *without(fieldsets, "user_permissions"),
            *self._joined(request),
            # Long, and seldom needed: roles and groups give permissions.
            (_("User permissions"), {"fields": ("user_permissions",), "classes": ("collapse",)}),
        )

    def _joined(self, request: HttpRequest) -> Any:
        """The parts of the other apps, each for those who may see it on its own pages."""
        if request.user.has_perm("onboarding.view_userprofile"):
            yield _("Onboarding"), {"fields": ("onboarding",)}
        if request.user.has_perm("kyvos_portal.view_signinevent"):
            yield _("Sign-in"), {"fields": ("last_sign_ins",)}

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Identities belong to users that are there."""
        return self.inlines if obj is not None else ()

    @admin.display(description=_("role and First Login Actions"))
    def onboarding(self, obj: Any) -> str:
        """Show the role in effect, its origin, and what was applied or why not."""
        return record_of(obj, self.admin_site)

    @admin.display(description=_("access ended"))
    def scim_ended(self, obj: Any) -> str:
        """Show when, and what: sessions too."""
        return ended(obj)

    @admin.display(description=_("last sign-ins"))
    def last_sign_ins(self, obj: Any) -> str:
        """Show the last ones, refused ones too."""
        return sign_ins(obj)
