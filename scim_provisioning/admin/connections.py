"""Connections: made, rotated, paused and resumed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from scim_provisioning import connections, credentials
from scim_provisioning.models import Connection, ExternalId, Finding, RequestCount, State

from .base import Page


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A connection; its acting user is chosen once, or made."""

    class Meta:
        model = Connection
        fields = ("name", "profile", "acting_user", "state")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "acting_user" in self.fields:
            self.fields["acting_user"].required = False
            self.fields["acting_user"].help_text = _("Leave it empty to make a new account.")

    def clean_acting_user(self) -> Any:
        """Refuse an account that could not act for it: a person's would lose its pages."""
        user = self.cleaned_data["acting_user"]
        if user is not None:
            try:
                connections.check_acting_user(user)
            except connections.ConnectionProblem as problem:
                raise forms.ValidationError(str(problem)) from None
        return user


@admin.register(Connection)
class ConnectionAdmin(Page):
    """One identity provider each."""

    form = ConnectionForm
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
            {"fields": ("delete_policy", "shows_protected", "requires_if_match", "rate_limit")},
        ),
        (_("For the identity provider"), {"fields": ("base_url", "last_seen", "created")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The acting user of a connection never changes."""
        return (*self.readonly_fields, "acting_user") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make what a new connection needs: its acting user where none was named, and a token."""
        if not change and obj.acting_user_id is None:
            obj.acting_user = connections.new_acting_user(obj.name)
        super().save_model(request, obj, form, change)
        if not change:
            self._show_token(request, obj, connections.first_token(obj))

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say why an account could not be made, on the form."""
        try:
            return super().add_view(request, *args, **kwargs)
        except connections.ConnectionProblem as problem:
            messages.error(request, str(problem))
            return HttpResponseRedirect(request.path)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count what goes along: the stock page would list every external id."""
        keys = [obj.pk for obj in objs]
        counts = {
            model._meta.verbose_name_plural: model._default_manager.filter(
                connection__in=keys
            ).count()
            for model in (ExternalId, Finding, RequestCount)
        }
        lines = [str(obj) for obj in objs]
        return lines, {Connection._meta.verbose_name_plural: len(lines), **counts}, set(), []

    @admin.display(description=_("base URL"))
    def base_url(self, obj: Connection) -> str:
        """What to paste into the identity provider."""
        return connections.base_url()

    @admin.action(description=_("Make a new token, the old ones end now"), permissions=["change"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Show the new token of each connection, this once."""
        for connection in queryset.select_related("acting_user"):
            self._show_token(request, connection, credentials.rotate(connection).secret)

    def _show_token(self, request: HttpRequest, connection: Connection, token: str) -> None:
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
