"""Recorded requests with their answers, and the way to them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scim_provisioning.models import Exchange

from .base import ReadOnlyPage
from .event_filters import OPERATIONS, Choice

BODIES = ("request_headers", "request_body", "response_headers", "response_body")


class VerbFilter(Choice):
    """By the request's method; no table of whole bodies is asked for its choices."""

    title, parameter_name = gettext_lazy("method"), "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """What the service answers."""
        return [(verb, verb) for verb in ("GET", *OPERATIONS)]


@admin.register(Exchange)
class ExchangeAdmin(ReadOnlyPage):
    """Recorded requests with their answers, newest first; for whoever operates connections."""

    list_display = ("time", "method", "path", "status", "connection")
    list_filter = ("connection", VerbFilter)
    list_select_related = ("connection",)
    sortable_by = ()
    actions = None
    fieldsets = (
        (None, {"fields": ("time", "connection", "status", "event", "duration")}),
        (gettext_lazy("Request"), {"fields": ("asked", "request_head", "request_json")}),
        (gettext_lazy("Answer"), {"fields": ("answer_head", "answer_json")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """The list reads no bodies."""
        rows = super().get_queryset(request)
        opened = request.resolver_match and "object_id" in request.resolver_match.kwargs
        return rows if opened else rows.defer(*BODIES)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Bodies are more than events show: who only views connections does not see them."""
        return self.has_operate_permission(request, obj)

    @admin.display(description=gettext_lazy("request"))
    def asked(self, obj: Exchange) -> str:
        """The request's first line."""
        return f"{obj.method} {obj.path}{'?' if obj.query else ''}{obj.query}"

    @admin.display(description=gettext_lazy("duration"))
    def duration(self, obj: Exchange) -> str:
        """How long it took."""
        return _("%(ms)s ms") % {"ms": obj.duration_ms}

    @admin.display(description=gettext_lazy("provisioning event"))
    def event(self, obj: Exchange) -> SafeString:
        """The way to what the ledger says of it; a Bulk has several."""
        name = f"{self.admin_site.name}:scim_provisioning_provisioningevent_changelist"
        key = obj.request_id
        return format_html('<a href="{}?q={}">{}</a>', reverse(name), key, key)

    @admin.display(description=gettext_lazy("headers"))
    def request_head(self, obj: Exchange) -> SafeString:
        """The headers that tell something."""
        return _pre("\n".join(f"{k}: {v}" for k, v in obj.request_headers.items()))

    @admin.display(description=gettext_lazy("headers"))
    def answer_head(self, obj: Exchange) -> SafeString:
        """The same of the answer."""
        return _pre("\n".join(f"{k}: {v}" for k, v in obj.response_headers.items()))

    @admin.display(description=gettext_lazy("body"))
    def request_json(self, obj: Exchange) -> SafeString | str:
        """What was sent, secrets hidden."""
        return _pre(_indented(obj.request_body)) if obj.request_body else _reason(obj, "request")

    @admin.display(description=gettext_lazy("body"))
    def answer_json(self, obj: Exchange) -> SafeString | str:
        """What was answered."""
        return _pre(_indented(obj.response_body)) if obj.response_body else _reason(obj, "response")


def link(request_id: Any, site_name: str) -> SafeString | None:
    """Return the way to the exchange of a request, None where it was not recorded."""
    found = Exchange.objects.filter(request_id=request_id)
    key = found.values_list("pk", flat=True).first()
    if key is None:
        return None
    url = reverse(f"{site_name}:scim_provisioning_exchange_change", args=[key])
    return format_html('<a href="{}">{}</a>', url, _("Request and answer, whole"))


def _indented(text: str) -> str:
    # Half a surrogate pair is JSON, and no text that could be sent.
    shown = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return shown.encode(errors="backslashreplace").decode()


def _pre(text: str) -> SafeString:
    return format_html('<div class="exchange"><pre tabindex="0">{}</pre></div>', text or "-")


def _reason(obj: Exchange, half: str) -> str:
    dropped = str(getattr(obj, f"get_{half}_dropped_display")())
    return dropped or _("There was none.")
