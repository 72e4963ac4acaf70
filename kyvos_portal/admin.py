"""The portal's users in the admin."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from .models import User

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
