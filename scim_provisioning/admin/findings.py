"""Findings: what needs a person, with the way out beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from scim_provisioning.directory import findings
from scim_provisioning.models import Finding

from .base import ReadOnlyPage


@admin.register(Finding)
class FindingAdmin(ReadOnlyPage):
    """Open findings first."""

    list_display = (
        "kind",
        "connection",
        "user",
        "group",
        "count",
        "last_seen",
        "allowed",
        "resolved",
    )
    list_filter = ("kind", ("resolved", admin.EmptyFieldListFilter))
    list_select_related = ("connection", "user", "group")
    actions = ("allow_link", "resolve")

    def has_allow_link_permission(self, request: HttpRequest) -> bool:
        """Who may let SCIM manage a protected account."""
        return bool(request.user.has_perm("scim_provisioning.allow_link"))

    @admin.action(description=_("Allow this link"), permissions=["allow_link"])
    def allow_link(self, request: HttpRequest, queryset: QuerySet[Finding]) -> None:
        """Let the connection of each finding manage its account or group."""
        count: Any = sum(
            map(findings.allow, queryset.select_related("user", "group", "connection"))
        )
        messages.success(request, _("%(count)d links allowed.") % {"count": count})

    @admin.action(description=_("Resolve: nothing is to be done"), permissions=["allow_link"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Finding]) -> None:
        """Put findings away; the same trouble makes a new one."""
        queryset.filter(resolved=None).update(resolved=timezone.now())
