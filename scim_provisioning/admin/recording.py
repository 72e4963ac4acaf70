"""The recording of a connection's whole exchanges: its switch, and how much there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from scim_provisioning import conf, exchanges
from scim_provisioning.models import Connection, Exchange

from .below import PagesBelow
from .secrets import ask, respond

MEGABYTE = 1024 * 1024
HOURS = (1, 4, 24, 72)


class RecordingForm(forms.Form):
    """For how long."""

    hours = forms.TypedChoiceField(
        label=gettext_lazy("Record for"),
        coerce=int,
        choices=lambda: [(n, ngettext("%d hour", "%d hours", n) % n) for n in HOURS],
    )


class RecordingPages(PagesBelow):
    """The page below a connection's own: for whoever operates it, for it shows whole bodies."""

    def get_urls(self) -> list[Any]:
        """Add the pages."""
        pages = [
            ("", self.recording_page, "recording"),
            ("stop/", self.stop_recording, "stop_recording"),
            ("remove/", self.remove_recorded, "remove_recorded"),
        ]
        return self.pages_below("recording", pages) + super().get_urls()

    @admin.display(description=gettext_lazy("recording"))
    def recording(self, obj: Connection) -> str:
        """Until when whole exchanges are recorded, and the way to the switch."""
        until = _until(obj)
        text = _("Until %(time)s") % {"time": until} if until else _("Off")
        return self.page_link("recording", obj, text)

    def recording_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show whether it is on and how much there is; a POST switches it on."""
        connection = self.opened(request, pk, self.has_operate_permission)
        form = RecordingForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self._start(request, connection, form.cleaned_data["hours"])
            return self.redirect_to("recording", connection)
        listed = reverse(f"{self.admin_site.name}:scim_provisioning_exchange_changelist")
        rows, most = Exchange.objects.filter(connection=pk), conf.current().exchange_total_size
        used = exchanges.used(pk)
        context = {
            "form": form,
            "until": _until(connection),
            "count": rows.count(),
            "megabytes": used / MEGABYTE,
            "most": most / MEGABYTE,
            "full": used > most * 0.95,
            "days": conf.current().exchange_retention_days,
            "listed_url": f"{listed}?connection__id__exact={pk}",
            "stop_url": self.page_url("stop_recording", connection),
            "remove_url": self.page_url("remove_recorded", connection),
            "trail": self.trail(connection),
        }
        title = _("Recording of %(name)s") % {"name": connection}
        return respond(self, request, "recording", title, **context)

    def _start(self, request: HttpRequest, connection: Connection, hours: int) -> None:
        until = timezone.now() + timedelta(hours=hours)
        Connection.objects.filter(pk=connection.pk).update(records_until=until)
        self.log_change(
            request, connection, f"Whole exchanges are recorded until {until:%Y-%m-%d %H:%M} UTC."
        )
        messages.success(request, _("Whole exchanges are recorded from now on."))

    def stop_recording(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Switch it off; what was recorded stays."""
        connection = self.opened(request, pk, self.has_operate_permission)
        if request.method == "POST" and _until(connection):
            Connection.objects.filter(pk=pk).update(records_until=None)
            self.log_change(request, connection, "Whole exchanges are recorded no more.")
            messages.success(request, _("Nothing is recorded any more."))
        return self.redirect_to("recording", connection)

    def remove_recorded(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and remove what was recorded of this connection."""
        connection = self.opened(request, pk, self.has_operate_permission)
        rows = Exchange.objects.filter(connection=pk)
        if request.method == "POST":
            done, _models = rows.delete()
            self.log_change(request, connection, f"Removed {done} recorded exchanges.")
            text = ngettext("%d exchange is removed.", "%d exchanges are removed.", done)
            messages.success(request, text % done)
            return self.redirect_to("recording", connection)
        count = rows.count()
        question = ngettext(
            "Remove %d recorded exchange?", "Remove %d recorded exchanges?", count
        ) % count  # fmt: skip
        return ask(
            self, request, _("Remove what was recorded"), question, _("Yes, remove them"),
            [_("They do not come back. The provisioning events stay.")],
            trail=self.trail(connection, (_("Recording"), "recording")),
            back_url=self.page_url("recording", connection),
        )  # fmt: skip


def _until(connection: Connection) -> str:
    until = connection.records_until
    if until is None or until <= timezone.now():
        return ""
    return date_format(localtime(until), "DATETIME_FORMAT")
