"""Connections: made, paused and resumed; their credentials have pages of their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from scim_provisioning import connections, credential_list, credentials, traffic
from scim_provisioning.credentials import Kind
from scim_provisioning.guides import BY_SLUG
from scim_provisioning.models import (
    Candidate,
    ClientSecret,
    Connection,
    ExternalId,
    Finding,
    RequestCount,
    State,
    WorkloadTrust,
)

from .brake import BrakePages
from .deciding import DecidingPages
from .recording import RecordingPages
from .secrets import ask_first
from .setup import SetUpPages, available


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A connection; its acting user is chosen once, or made."""

    way = forms.ChoiceField(
        label=_("Identity provider"),
        required=False,
        help_text=_("Its steps come next, with all that is to be pasted."),
    )

    class Meta:
        model = Connection
        fields = ("name", "profile", "acting_user", "state")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["way"].choices = [  # type: ignore[attr-defined]
            ("", _("I choose it later")),
            *((guide.slug, guide.title) for guide in available()),
        ]
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


class ConnectionList(ChangeList):
    """The list, with what it alone shows."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """Fetch along how much has arrived."""
        return traffic.with_traffic(super().get_queryset(request, *args, **kwargs))


@admin.register(Connection)
class ConnectionAdmin(DecidingPages, BrakePages, RecordingPages, SetUpPages):
    """One identity provider each."""

    form = ConnectionForm
    list_display = ("name", "profile", "state", "last_seen", "lately", "ends", "set_up")
    list_filter = ("state",)
    list_select_related = ("acting_user",)
    search_fields = ("name",)
    raw_id_fields = ("acting_user",)
    readonly_fields = (
        *("set_up", "credentials", "brake", "recording", "matching"),
        *("first_seen", "last_seen", "created"),
    )
    actions = ("pause", "resume")
    change_form_template = "scim_provisioning/connection_form.html"
    fieldsets = (
        (None, {"fields": ("name", "profile", "acting_user", "state")}),
        (
            _("Behaviour"),
            {"fields": ("delete_policy", "shows_protected", "requires_if_match", "rate_limit")},
        ),
        (_("Before the first sync"), {"fields": ("matching",)}),
        (_("Brake"), {"fields": ("brake", "brake_people", "brake_percent")}),
        (_("Diagnosis"), {"fields": ("recording",)}),
        (
            _("For the identity provider"),
            {"fields": ("set_up", "credentials", "first_seen", "last_seen", "created")},
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The acting user of a connection never changes; pausing and resuming have their own ways.

        A form that was opened before the brake stopped the connection must not let it go on.
        """
        return (*self.readonly_fields, "acting_user", "state") if obj else self.readonly_fields

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who operates connections sees them."""
        return super().has_view_permission(request, obj) or self.has_operate_permission(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new connection has only what is needed; how it is used comes with the rest."""
        if obj is not None:
            return self.fieldsets
        return [(None, {"fields": ("name", "way", "profile", "acting_user")})]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make what a new connection needs: its acting user where none was named, and a token."""
        if not change and obj.acting_user_id is None:
            obj.acting_user = connections.new_acting_user(obj.name)
        super().save_model(request, obj, form, change)
        if not change:
            # Shown by the answer to this very request, and kept nowhere.
            obj.new_secret = self._first_secret(obj, form.cleaned_data.get("way"))

    @staticmethod
    def _first_secret(connection: Connection, way: str | None) -> str:
        """Make what the chosen way needs: a token, or a client secret."""
        guide = BY_SLUG.get(way or "")
        if guide is None or guide.kind is Kind.TOKEN:
            return connections.first_token(connection)
        connections.end_tokens(connection)
        return credentials.make(connection, guide.kind).secret

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Show the secret of a new connection, this once, among the steps of the chosen way."""
        if guide := BY_SLUG.get(request.POST.get("way", "")):
            return self.show_guide(request, obj, guide, obj.new_secret)
        back = self.page_url("credentials", obj)
        return self.show_credential(request, obj, Kind.TOKEN, obj.new_secret, back_url=back)

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
            for model in (ClientSecret, WorkloadTrust, ExternalId, Finding, RequestCount, Candidate)
        }
        lines = [str(obj) for obj in objs]
        return lines, {Connection._meta.verbose_name_plural: len(lines), **counts}, set(), []

    @admin.display(description=_("set-up"))
    def set_up(self, obj: Connection) -> str:
        """The way to the steps."""
        return self.page_link("set_up", obj, gettext("Steps and test"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        """Fetch along when the first credential ends."""
        return credential_list.with_ends(super().get_queryset(request))

    @admin.display(description=_("first credential ends"), ordering="ends")
    def ends(self, obj: Any) -> Any:
        """The date, and a warning 90, 30 and 7 days before."""
        days = credential_list.ends_within(obj.ends)
        if days is None:
            return obj.ends
        text = gettext("within %(days)d days") % {"days": days}
        return format_html("<strong>{}</strong>: {}", text, date_format(localtime(obj.ends)))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the class of the list."""
        return ConnectionList

    @admin.display(description=_("last 24 hours"))
    def lately(self, obj: Any) -> str:
        """How many requests arrived, and how many failed."""
        text = ngettext("%(count)d request", "%(count)d requests", obj.requests)
        shown = text % {"count": obj.requests}
        if not obj.failures:
            return shown
        return format_html(
            "{}, <strong>{}</strong>", shown, gettext("%(count)d failed") % {"count": obj.failures}
        )

    @admin.display(description=_("credentials"))
    def credentials(self, obj: Connection) -> str:
        """The way to them."""
        if obj.pk is None:
            return gettext("The first is made with the connection.")
        return self.page_link("credentials", obj, gettext("List, make, rotate, revoke"))

    @admin.action(description=_("Pause: reads go on, writes answer 429"), permissions=["operate"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Connection]) -> HttpResponse | None:
        """Ask, and take no writes for a while."""
        active = queryset.filter(state=State.ACTIVE)
        question = gettext(
            "Take no changes from these now? They go on reading, and are told to send their"
            " changes again later. Nothing is lost."
        )
        title, yes = gettext("Pause"), gettext("Yes, pause")
        if (
            active
            and (page := ask_first(self, request, "pause", active, title, question, yes))
            is not None
        ):
            return page
        self._set(request, active, State.PAUSED, "Paused.")
        return None

    @admin.action(description=_("Resume"), permissions=["operate"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Take writes again; where the brake stopped it, its page asks first."""
        paused = queryset.filter(state=State.PAUSED)
        for row in paused.filter(braked__isnull=False):
            text = gettext("%(name)s was stopped by the brake") % {"name": row}
            messages.warning(request, format_html("{}: {}", text, self.brake(row)))
        self._set(request, paused.filter(braked=None), State.ACTIVE, "Resumed.")

    def _set(
        self, request: HttpRequest, queryset: QuerySet[Connection], state: State, note: str
    ) -> None:
        changed = list(queryset)
        for connection in changed:
            connections.set_state(connection, state)
            self.log_change(request, connection, note)
        count: Any = len(changed)
        text = ngettext("%(count)d connection changed.", "%(count)d connections changed.", count)
        messages.success(request, text % {"count": count})
