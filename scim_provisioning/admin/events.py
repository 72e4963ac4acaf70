"""The ledger: what happened, to whom, and why it was refused."""

from __future__ import annotations

import csv
import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from scim_provisioning.models import ProvisioningEvent, RequestCount
from scim_provisioning.protocol.identifiers import shown

from .base import ReadOnlyPage, SearchPage

FORMULA = ("=", "+", "-", "@", "\t", "\r")
EXPORTED = (
    "time",
    "connection",
    "acting_user",
    "credential",
    "credential_key",
    "address",
    "method",
    "path",
    "status",
    "scim_type",
    "detail",
    "resource_type",
    "resource_id",
    "resource_name",
    "request_id",
)


def defused(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


class MethodFilter(admin.SimpleListFilter):
    """By verb: the choices are known, no table is asked for them."""

    title = _("method")
    parameter_name = "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The writing verbs."""
        return [(verb, verb) for verb in ("POST", "PUT", "PATCH", "DELETE")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the events of one verb."""
        return queryset.filter(method=self.value()) if self.value() else queryset


class OutcomeFilter(admin.SimpleListFilter):
    """Accepted, or refused."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The two."""
        return [("accepted", _("Accepted")), ("refused", _("Refused"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the events of one outcome."""
        match self.value():
            case "accepted":
                return queryset.filter(status__lt=300)
            case "refused":
                return queryset.filter(status__gte=300)
        return queryset


@admin.register(ProvisioningEvent)
class ProvisioningEventAdmin(SearchPage, ReadOnlyPage):
    """Events, newest first; nobody changes or removes one here."""

    list_display = (
        "time",
        "connection",
        "method",
        "status",
        "resource_type",
        "resource_name",
        "detail",
    )
    # The connections' own table gives the choices: "related only" would read every event.
    list_filter = (MethodFilter, OutcomeFilter, "connection")
    list_select_related = ("connection",)
    prefix_field, is_folded = "resource_name", False
    id_fields = ("resource_id", "request_id")
    search_help_text = _("The beginning of a user or group name, or an id.")
    actions = ("export",)
    exclude = ("changes", "resource_id")
    readonly_fields = ("shown_resource_id", "change_table")

    @admin.display(description=_("resource id"))
    def shown_resource_id(self, obj: ProvisioningEvent) -> str:
        """The id as clients know it."""
        return shown(obj.resource_id) if obj.resource_id else "-"

    @admin.display(description=_("changes"))
    def change_table(self, obj: ProvisioningEvent) -> SafeString | str:
        """Before and after, attribute by attribute."""
        if not obj.changes:
            return _("Nothing changed.")  # type: ignore[return-value]
        rows = format_html_join(
            "",
            "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td></tr>",
            map(_row, obj.changes.items()),
        )
        head = format_html(
            "<tr><th>{}</th><th>{}</th><th>{}</th></tr>", _("attribute"), _("before"), _("after")
        )
        return format_html("<table><thead>{}</thead><tbody>{}</tbody></table>", head, rows)

    @admin.action(description=_("Export as CSV"), permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[ProvisioningEvent]) -> HttpResponse:
        """Return the chosen events as a file."""
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="provisioning-events.csv"'
        writer = csv.writer(response)
        writer.writerow([*EXPORTED, "changes"])
        for event in queryset.select_related("connection").iterator(chunk_size=2000):
            cells = [_cell(event, name) for name in EXPORTED]
            writer.writerow([*map(defused, cells), defused(json.dumps(event.changes))])
        return response


def _cell(event: ProvisioningEvent, name: str) -> Any:
    value = getattr(event, name)
    return shown(value) if name == "resource_id" and value else value


def _row(item: tuple[str, Any]) -> tuple[str, str, str]:
    name, change = item
    if isinstance(change, dict):
        return name, _shown(change.get("removed")), _shown(change.get("added"))
    return name, _shown(change[0]), _shown(change[1])


def _shown(value: Any) -> str:
    if value is None or value == []:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@admin.register(RequestCount)
class RequestCountAdmin(ReadOnlyPage):
    """Reads by connection, and what nobody known sent, by address."""

    list_display = ("minute", "connection", "address", "method", "status", "count")
    list_select_related = ("connection",)
