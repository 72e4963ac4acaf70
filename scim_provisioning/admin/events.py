"""The ledger: what happened, to whom, and why it was refused."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, re_path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from scim_provisioning.models import ProvisioningEvent, RequestCount
from scim_provisioning.protocol.identifiers import shown

from . import changes, exchanges, exports
from .base import ReadOnlyPage
from .event_filters import (
    OPERATIONS,
    REFUSED,
    DaysFilter,
    GroupFilter,
    OperationFilter,
    ResultFilter,
    SinceFilter,
    TypeFilter,
    UserFilter,
)
from .keyset import KeysetList
from .search import SearchPage

SECONDS = "Y-m-d H:i:s"
PARAMETERS = {"User": "person", "Group": "group"}
"""What filters by one resource of these types; of others their id is searched."""


@admin.register(ProvisioningEvent)
class ProvisioningEventAdmin(SearchPage, ReadOnlyPage):
    """Events, newest first; nobody changes or removes one here."""

    list_display = ("moment", "operation", "about", "result", "what", "connection")
    list_filter = (
        *(ResultFilter, OperationFilter, TypeFilter, SinceFilter, DaysFilter),
        *(UserFilter, GroupFilter),
        # The connections' own table gives the choices: "related only" would read every event.
        "connection",
    )
    list_select_related = ("connection",)
    sortable_by = ()
    actions = None
    form_fields = (*SearchPage.form_fields, *PARAMETERS.values())
    prefix_field = "resource_key"
    id_fields = ("resource_id", "request_id")
    search_help_text = _(
        "The beginning of a user or group name, or the whole id of a user, a group or a request:"
        " an index has these. Details and values are not searched."
    )
    fieldsets = (
        (None, {"fields": ("moment", "operation", "about", "result", "detail", "connection")}),
        (_("Changes"), {"fields": ("change_table", "noted")}),
        (
            _("Request"),
            {
                "fields": (
                    *("acting_user", "credential", "credential_key", "address"),
                    *("method", "path", "duration", "request_id", "identifier"),
                )
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Lead to the whole exchange, for those who may see it."""
        if not self.has_operate_permission(request, obj):
            return self.fieldsets
        return (*self.fieldsets, (_("Recorded"), {"fields": ("exchange",)}))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetList]:
        """Page by place: see ``keyset``."""
        return KeysetList

    def get_urls(self) -> list[URLPattern]:
        """Add the export."""
        formats = "|".join(exports.FORMATS)
        export = re_path(
            rf"^export\.(?P<format>{formats})$",
            self.admin_site.admin_view(require_safe(self.export_view)),
            name="scim_provisioning_provisioningevent_export",
        )
        return [export, *super().get_urls()]

    def export_view(self, request: HttpRequest, format: str) -> HttpResponseBase:
        """Return all events of the list as it is filtered, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self._list_url())
        return exports.download(listed.queryset, format)

    def _list_url(self, **query: str) -> str:
        name = f"{self.admin_site.name}:scim_provisioning_provisioningevent_changelist"
        return f"{reverse(name)}?{urlencode(query)}" if query else reverse(name)

    @admin.display(description=_("time"))
    def moment(self, obj: ProvisioningEvent) -> SafeString:
        """To the second, in the time zone in force."""
        text = date_format(localtime(obj.time), SECONDS)
        iso = obj.time.isoformat()
        return format_html('<time class="nowrap" datetime="{}">{}</time>', iso, text)

    @admin.display(description=_("resource id"))
    def identifier(self, obj: ProvisioningEvent) -> str:
        """The id as clients know it."""
        return shown(obj.resource_id) if obj.resource_id else "-"

    @admin.display(description=_("operation"))
    def operation(self, obj: ProvisioningEvent) -> str:
        """What was asked for."""
        return f"{OPERATIONS.get(obj.method, obj.method)} {obj.resource_type}".strip()

    @admin.display(description=_("resource"))
    def about(self, obj: ProvisioningEvent) -> SafeString | str:
        """Whom it was about, with the way to all that happened to it."""
        known = shown(obj.resource_id) if obj.resource_id else ""
        label = obj.resource_name or known
        if not label:
            return "-"
        name = PARAMETERS.get(obj.resource_type, "q")
        url = self._list_url(**{name: known or obj.resource_name})
        return format_html('<a href="{}">{}</a>', url, Truncator(label).chars(60))

    @admin.display(description=_("result"))
    def result(self, obj: ProvisioningEvent) -> str:
        """Whether it was done, in words and as the client was told."""
        if obj.status < REFUSED:
            return gettext("Accepted (%(status)d)") % {"status": obj.status}
        reason = f"{obj.status} {obj.scim_type}".strip()
        return gettext("Refused (%(reason)s)") % {"reason": reason}

    @admin.display(description=_("what"))
    def what(self, obj: ProvisioningEvent) -> str:
        """Why it was refused, or what changed."""
        text = obj.detail or changes.summary(obj.changes) or gettext("nothing changed")
        return Truncator(text).chars(100)

    @admin.display(description=_("before and after"))
    def change_table(self, obj: ProvisioningEvent) -> SafeString:
        """Before and after, attribute by attribute."""
        return changes.as_table(obj)

    @admin.display(description=_("notes"))
    def noted(self, obj: ProvisioningEvent) -> SafeString | None:
        """What was tolerated, and what it led to."""
        items = format_html_join("", "<li>{}</li>", ((note,) for note in obj.notes))
        return format_html("<ul>{}</ul>", items) if items else None

    @admin.display(description=_("exchange"))
    def exchange(self, obj: ProvisioningEvent) -> SafeString | str:
        """The request and its answer, where the connection recorded them."""
        found = exchanges.link(obj.request_id, self.admin_site.name)
        return found or gettext("It was not recorded.")

    @admin.display(description=_("duration"))
    def duration(self, obj: ProvisioningEvent) -> str:
        """How long it took."""
        return gettext("%(ms)s ms") % {"ms": obj.duration_ms}


@admin.register(RequestCount)
class RequestCountAdmin(ReadOnlyPage):
    """Reads by connection, and what nobody known sent, by address."""

    list_display = ("minute", "connection", "address", "method", "status", "count")
    list_select_related = ("connection",)
