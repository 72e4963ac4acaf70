"""The brake's page of a connection: who lost access, and the two ways on, each of which asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from scim_provisioning.directory import brake, restoring
from scim_provisioning.models import Connection, ScimUser

from .below import PagesBelow
from .secrets import ask, respond

MOST_SHOWN = 100


class ReleaseForm(forms.Form):
    """How many more people may lose access, once."""

    allowance = forms.IntegerField(
        label=gettext_lazy("How many more people may lose access, once, within a day"),
        required=False,
        min_value=0,
        max_value=10_000_000,
        help_text=gettext_lazy("Empty: the brake counts anew from now on, with its usual limit."),
    )


class BrakePages(PagesBelow):
    """The page below a connection's own: for whoever may see it; decisions for who operates it."""

    def get_urls(self) -> list[Any]:
        """Add the pages."""
        pages = [
            ("", self.brake_page, "brake"),
            ("release/", self.release_page, "release"),
            ("restore/", self.restore_page, "restore"),
        ]
        return self.pages_below("brake", pages) + super().get_urls()

    @admin.display(description=gettext_lazy("brake"))
    def brake(self, obj: Connection) -> str:
        """Whether it holds the connection, and the way to its page."""
        text = _("Stopped: decide how it goes on") if obj.braked else _("Who lost access lately")
        return self.page_link("brake", obj, text)

    def _around(self, connection: Connection) -> dict[str, Any]:
        """Return what a page that asks shows around its question."""
        trail = self.trail(connection, (_("Brake"), "brake"))
        return {"trail": trail, "back_url": self.page_url("brake", connection)}

    def brake_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what stopped a connection, or how far it is from that."""
        connection = self.opened(request, pk, self.has_view_permission)
        standing = brake.standing(connection)
        events = restoring.lost(connection) if connection.braked else standing.events
        rows = list(events.order_by("-time", "-id")[: MOST_SHOWN + 1])
        users = ScimUser.objects.in_bulk([row.resource_id for row in rows])
        context = {
            "connection": connection,
            "standing": standing,
            "rows": [(row, users.get(row.resource_id)) for row in rows[:MOST_SHOWN]],
            "more": len(rows) > MOST_SHOWN,
            "disabled": restoring.disabled(connection).count() if connection.braked else 0,
            "form": ReleaseForm(initial={"allowance": 2 * standing.limit or None}),
            "may_operate": self.has_operate_permission(request),
            "release_url": self.page_url("release", connection),
            "restore_url": self.page_url("restore", connection),
            "trail": self.trail(connection),
        }
        title = _("Brake of %(name)s") % {"name": connection}
        return respond(self, request, "brake", title, **context)

    def release_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and let a stopped connection go on."""
        connection = self.opened(request, pk, self.has_operate_permission)
        back = self.redirect_to("brake", connection)
        if connection.braked is None:
            messages.warning(request, _("It goes on already."))
            return back
        form = ReleaseForm(request.POST or request.GET)
        if not form.is_valid():
            messages.error(request, " ".join(map(str, form.errors["allowance"])))
            return back
        allowance: int | None = form.cleaned_data["allowance"]
        if request.method != "POST":
            return self._ask_release(request, connection, allowance)
        brake.release(pk, allowance)
        self.log_change(request, connection, _released(allowance))
        messages.success(request, _("%(name)s goes on.") % {"name": connection})
        return back

    def _ask_release(
        self, request: HttpRequest, connection: Connection, allowance: int | None
    ) -> HttpResponse:
        question = _(
            "Let it go on? Its changes are taken again from now on, and the identity provider sends"
            " what was refused: more people may be disabled or deleted."
        )
        line = _("The brake counts anew, with its usual limit.")
        if allowance:
            line = ngettext(
                "%d more person may lose access within a day, then the brake holds again.",
                "%d more people may lose access within a day, then the brake holds again.",
                allowance,
            )
            line %= allowance
        hidden = [("allowance", "" if allowance is None else allowance)]
        return ask(
            self, request, _("Let %(name)s go on") % {"name": connection}, question,
            _("Yes, let it go on"), [line], hidden=hidden, **self._around(connection),
        )  # fmt: skip

    def restore_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and enable again who was disabled; the connection stays paused."""
        connection = self.opened(request, pk, self.has_operate_permission)
        found = restoring.disabled(connection)
        if not found.exists():
            messages.warning(request, _("Nobody is disabled by it any more."))
        elif request.method == "POST":
            self._restore(request, connection)
        else:
            return self._ask_restore(request, connection, found.count())
        return self.redirect_to("brake", connection)

    def _restore(self, request: HttpRequest, connection: Connection) -> None:
        restored = restoring.restore(connection, request.user)
        self.log_change(request, connection, f"Enabled {restored.done} people again.")
        text = ngettext(
            "%d person is enabled again.", "%d people are enabled again.", restored.done
        )
        messages.success(request, text % restored.done)
        for reason in restored.refused[:5]:
            messages.error(request, reason)
        if restored.left:
            text = ngettext("%d is left: press again.", "%d are left: press again.", restored.left)
            messages.warning(request, text % restored.left)

    def _ask_restore(
        self, request: HttpRequest, connection: Connection, count: int
    ) -> HttpResponse:
        question = ngettext(
            "Enable %d person again?", "Enable %d people again?", count
        ) % count  # fmt: skip
        lines = [
            _("They get back what they had: their groups were kept."),
            _("Their sessions, tokens and passwords that ended stay ended: they sign in anew."),
            _("Who was deleted does not come back by this."),
            _(
                "The connection stays paused. Put it right at the identity provider first, then let"
                " it go on: else it disables them again."
            ),
        ]
        return ask(
            self, request, _("Take it back"), question, _("Yes, enable them"), lines,
            **self._around(connection),
        )  # fmt: skip


def _released(allowance: int | None) -> str:
    more = f"; {allowance} people may lose access once" if allowance else ""
    return f"Let go on after the brake{more}."
