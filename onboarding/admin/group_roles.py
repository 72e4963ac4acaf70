"""Which group has which role."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from onboarding import services
from onboarding.models import GroupRole

from .base import GivesRoles, address, may_allow_administrators


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


def role_of(group: Any, site: AdminSite) -> str:
    """Return the role that a group gives and who said so, for a page of the group on a site."""
    row = GroupRole.objects.filter(group=group).select_related("role", "given_by").first()
    if row is None:
        add = address(site, GroupRole, "add")
        way = format_html(' <a href="{}?group={}">{}</a>', add, group.pk, _("Give a role"))
        return format_html("{}{}", _("None."), way if add else "")
    url = address(site, GroupRole, "change", row.pk)
    role = format_html('<a href="{}">{}</a>', url, row.role) if url else row.role
    day = date_format(localtime(row.given), "DATE_FORMAT")
    by = row.given_by or _("nobody known")
    text = _("given by %(person)s, %(day)s") % {"person": by, "day": day}
    return format_html("{}, {}", role, text)
