"""The portal's users in the admin."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .models import User
from .signin.admin import IdentityInline, ended, sign_ins

admin.site.site_header = _("Portal administration")
admin.site.site_title = _("Portal")
admin.site.index_title = _("Administration")

# The toolkit's rows are kept by the pages of connections: its own would only lead astray.
for name in ("Application", "AccessToken", "Grant", "IDToken", "RefreshToken"):
    admin.site.unregister(apps.get_model("oauth2_provider", name))


@admin.register(User)
class PortalUserAdmin(UserAdmin):  # type: ignore[type-arg]
    """Django's own page, fit for many users."""

    show_full_result_count = False
    filter_horizontal = ("user_permissions",)
    raw_id_fields = ("groups",)
    inlines = (IdentityInline,)
    readonly_fields = ("access_ended", "last_sign_ins")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add how a user signed in, and what was ended."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        return (*fieldsets, (_("Sign-in"), {"fields": self.readonly_fields}))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Identities belong to users that are there."""
        return self.inlines if obj is not None else ()

    @admin.display(description=_("access ended"))
    def access_ended(self, obj: Any) -> str:
        """Show when, and what."""
        return ended(obj)

    @admin.display(description=_("last sign-ins"))
    def last_sign_ins(self, obj: Any) -> str:
        """Show the last ones, refused ones too."""
        return sign_ins(obj)
