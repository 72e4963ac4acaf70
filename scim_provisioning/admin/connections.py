"""Connections: made, rotated, paused and resumed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from scim_provisioning import connections
from scim_provisioning.models import Connection, State

from .base import Page


@admin.register(Connection)
class ConnectionAdmin(Page):
    """One identity provider each."""

    list_display = ("name", "profile", "state", "acting_user", "last_seen")
    list_filter = ("profile", "state")
    list_select_related = ("acting_user",)
    search_fields = ("name",)
    raw_id_fields = ("acting_user",)
    readonly_fields = ("base_url", "last_seen", "created")
    actions = ("rotate", "pause", "resume")
    fieldsets = (
        (None, {"fields": ("name", "profile", "acting_user", "state")}),
        (
            _("Behaviour"),
            {"fields": ("delete_policy", "shows_protected", "rate_limit")},
        ),
        (_("For the identity provider"), {"fields": ("base_url", "last_seen", "created")}),
    )

    @admin.display(description=_("base URL"))
    def base_url(self, obj: Connection) -> str:
        """What to paste into the identity provider."""
        return connections.base_url()

    @admin.action(description=_("Make a new token, the old ones end now"), permissions=["change"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Show the new token of each connection, this once."""
        for connection in queryset.select_related("acting_user"):
            token = connections.rotate(connection)
            text = _("The token of %(name)s, shown this once: %(token)s")
            messages.success(request, text % {"name": connection.name, "token": token})

    @admin.action(description=_("Pause: reads go on, writes answer 429"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Take no writes for a while."""
        self._set(request, queryset, State.PAUSED)

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Take writes again."""
        self._set(request, queryset, State.ACTIVE)

    def _set(self, request: HttpRequest, queryset: QuerySet[Connection], state: State) -> None:
        for connection in queryset:
            connections.set_state(connection, state)
        count: Any = len(queryset)
        text = ngettext("%(count)d connection changed.", "%(count)d connections changed.", count)
        messages.success(request, text % {"count": count})
