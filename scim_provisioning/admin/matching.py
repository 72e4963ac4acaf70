"""The import preview of a connection: whom it will send, which accounts match, what is decided."""

from __future__ import annotations

import time
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from scim_provisioning import conf, rights
from scim_provisioning.directory import decisions, exports, matching, people
from scim_provisioning.directory.exports import Export, Unreadable
from scim_provisioning.models import Candidate, Connection, Decision, Match, Source

from . import candidates
from .below import PageBelow, PagesBelow
from .secrets import ask, respond


class UploadForm(forms.Form):
    """An export of the identity provider's people."""

    file = forms.FileField(label=gettext_lazy("Export, as CSV"))
    column = forms.CharField(
        label=gettext_lazy("Column with the user name"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Leave it empty where the identity provider sends “login”, “userPrincipalName” or"
            " “userName” as the user name."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Look the export through."""
        cleaned = self.cleaned_data
        if "file" in cleaned and "column" in cleaned:
            content = cleaned["file"].read(conf.current().preview_size + 1)
            try:
                cleaned["export"] = exports.read(content, cleaned["column"])
            except Unreadable as error:
                self.add_error("file", str(error))
        return cleaned


class MatchingPages(PagesBelow):
    """The pages below a connection's own, for whoever operates it."""

    def get_urls(self) -> list[Any]:
        """Add the pages."""
        pages: list[PageBelow] = [
            ("", self.matching_page, "matching"),
            ("refused/", self.preview_refused, "matching_refused"),
            ("go-on/", self.go_on, "matching_go_on"),
            ("remove/", self.remove_preview, "matching_remove"),
            ("export/", self.export_preview, "matching_export"),
        ]
        return self.pages_below("matching", pages) + super().get_urls()

    @admin.display(description=gettext_lazy("import preview"))
    def matching(self, obj: Connection) -> str:
        """How many people wait for a decision, and the way to them."""
        if obj.pk is None:
            return "-"
        waiting = Candidate.objects.filter(
            connection=obj, decision=Decision.OPEN, match__in=matching.DECIDABLE
        ).count()
        text = ngettext("%d person to be decided", "%d people to be decided", waiting) % waiting
        text = text if waiting else _("Which accounts would match")
        return self.page_link("matching", obj, text)

    def trail_below_preview(self, connection: Connection) -> list[tuple[str, str]]:
        """Return the way to what the preview leads to."""
        return self.trail(connection, (_("Import preview"), "matching"))

    # People are compared in batches, each a transaction of its own.
    @method_decorator(transaction.non_atomic_requests)
    def matching_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show whom the identity provider will send; a POST reads its export."""
        connection, began = self.opened(request, pk, self.has_operate_permission), time.monotonic()
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            export: Export = form.cleaned_data["export"]
            matching.take(connection, export.people(), Source.EXPORT)
            note = f"Read an export of {export.count} people for the import preview."
            self.log_change(request, connection, note)
            messages.success(request, _understood(export))
            return self._compared(request, connection, began)
        return self._show_preview(request, connection, form)

    def _show_preview(
        self, request: HttpRequest, connection: Connection, form: UploadForm
    ) -> HttpResponse:
        shown = candidates.Filter(request.GET)
        rows = shown.rows(connection).select_related("user")
        page = candidates.page(rows, shown, request.GET)
        lines = candidates.summary(connection)
        refused = people.refused_writes(connection)
        context = {
            "connection": connection,
            "form": form,
            "filter": shown,
            "places": page,
            "people": candidates.shown(page.rows, self.admin_site),
            "lines": lines,
            "total": sum(line.total for line in lines),
            "waiting": sum(line.total for line in lines if line.match == Match.WAITING),
            "refused": refused.exclude(request_body="").count(),
            "dropped": refused.filter(request_body="").count(),
            "may_decide": self.has_configure_permission(request),
            "may_allow": rights.may_allow_links(request.user),
            "trail": self.trail(connection),
            "urls": {
                name: self.page_url(f"matching_{name}", connection)
                for name in ("refused", "go_on", "remove", "export", "decide")
            },
            "recording_url": self.page_url("recording", connection),
        }
        title = _("Import preview of %(name)s") % {"name": connection}
        return respond(self, request, "matching", title, **context)

    @method_decorator(transaction.non_atomic_requests)
    def preview_refused(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the people from what the connection was refused while paused."""
        connection, began = self.opened(request, pk, self.has_operate_permission), time.monotonic()
        if request.method != "POST":
            return self.redirect_to("matching", connection)
        matching.take(connection, people.refused(connection), Source.REFUSED)
        self.log_change(request, connection, "Took refused writes for the import preview.")
        return self._compared(request, connection, began)

    @method_decorator(transaction.non_atomic_requests)
    def go_on(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Compare those who are left."""
        connection = self.opened(request, pk, self.has_operate_permission)
        if request.method != "POST":
            return self.redirect_to("matching", connection)
        return self._compared(request, connection, time.monotonic())

    def _compared(self, request: HttpRequest, connection: Connection, began: float) -> HttpResponse:
        until = began + conf.current().preview_seconds
        left = matching.match(connection, until - time.monotonic())
        if left:
            text = ngettext(
                "%d person is not compared yet.", "%d people are not compared yet.", left
            )
            messages.warning(request, text % left)
        return self.redirect_to("matching", connection)

    def remove_preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and forget whom the identity provider would send, and what was decided."""
        connection = self.opened(request, pk, self.has_configure_permission)
        rows = Candidate.objects.filter(connection=connection)
        if request.method == "POST":
            count, _models = rows.delete()
            decisions.note(connection)
            self.log_change(request, connection, f"Removed {count} people of the import preview.")
            messages.success(request, _("The preview is removed."))
            return self.redirect_to("matching", connection)
        lines = [
            _("What was decided is forgotten: what is not linked by then is as before."),
            _("Accounts that are linked already stay so."),
        ]
        question = _("Remove the people of this preview, and what was decided about them?")
        return ask(
            self, request, _("Remove the preview"), question, _("Yes, remove it"), lines,
            trail=self.trail_below_preview(connection),
            back_url=self.page_url("matching", connection),
        )  # fmt: skip

    def export_preview(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Send what is shown as a table."""
        connection = self.opened(request, pk, self.has_operate_permission)
        rows = candidates.Filter(request.GET).rows(connection)
        response = StreamingHttpResponse(
            candidates.as_csv(rows), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = 'attachment; filename="import-preview.csv"'
        response["Cache-Control"] = "no-store, private"
        return response


def _understood(export: Export) -> str:
    """Say which column was taken for what."""
    labels = (_("user name"), _("e-mail address"), _("external id"))
    found = [
        _("%(what)s: column “%(head)s”") % {"what": what, "head": head}
        for what, head in zip(labels, export.columns, strict=True)
        if head is not None
    ]
    text = ngettext("%d person was read.", "%d people were read.", export.count) % export.count
    return f"{text} {capfirst(', '.join(found))}."
