"""The overview: how much arrives, what failed last, and what is to be mended, with the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from scim_provisioning import health, traffic
from scim_provisioning.health import Problem
from scim_provisioning.models import (
    Connection,
    Finding,
    Overview,
    ProvisioningEvent,
    ScimGroup,
    ScimUser,
)
from scim_provisioning.traffic import Day

from .base import ReadOnlyPage, site
from .secrets import respond

DAYS = 30
MOST_SHOWN = 10
WIDTH, HEIGHT, GAP = 20, 120, 4
"""Units of a day's column in the drawing, and of the drawing's height."""


@dataclass(frozen=True, slots=True)
class Column:
    """A day as two bars: what was accepted, and on top of it what was refused."""

    day: Day
    x: int
    accepted_y: float
    accepted: float
    failed_y: float
    failed: float


@admin.register(Overview)
class OverviewAdmin(ReadOnlyPage):
    """For who sees connections; links lead only where the person may go."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As connections."""
        page = self.admin_site.get_model_admin(Connection)
        return bool(page.has_view_permission(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same: the app's other pages have rights of their own."""
        return self.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the page."""
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        days = traffic.days(DAYS)
        context = {
            "counts": _counts(days),
            "days": days,
            "columns": _columns(days),
            "width": DAYS * (WIDTH + GAP),
            "height": HEIGHT,
            "bar": WIDTH,
            "most": max(day.events for day in days),
            "problems": [(one, self._link(one)) for one in health.problems(site(request))],
            # It is the list of its model itself.
            "list_url": None,
            **self._findings(request),
            **self._failures(request),
        }
        return respond(self, request, "overview", _("Overview of provisioning"), **context)

    def _link(self, problem: Problem) -> str | None:
        """Return where a problem is mended, None where this admin has no such page."""
        if not problem.page:
            return None
        try:
            url = reverse(f"{self.admin_site.name}:{problem.page}", args=problem.arguments)
        except NoReverseMatch:
            return None
        return f"{url}?{problem.query}" if problem.query else url

    def _findings(self, request: HttpRequest) -> dict[str, Any]:
        if not self._sees(request, Finding):
            return {"findings": None}
        waiting = Finding.objects.filter(resolved=None)
        rows = waiting.select_related("connection", "user", "group")
        return {"findings": rows[:MOST_SHOWN], "findings_count": waiting.count()}

    def _failures(self, request: HttpRequest) -> dict[str, Any]:
        if not self._sees(request, ProvisioningEvent):
            return {"failures": None}
        rows = ProvisioningEvent.objects.filter(status__gte=traffic.REFUSED)
        return {"failures": rows.select_related("connection").defer("changes")[:MOST_SHOWN]}

    def _sees(self, request: HttpRequest, model: Any) -> bool:
        return bool(self.admin_site.get_model_admin(model).has_view_permission(request))


def _counts(days: list[Day]) -> list[tuple[str, int]]:
    return [
        (_("Users"), ScimUser.objects.filter(listed=True).count()),
        (_("Groups"), ScimGroup.objects.filter(listed=True).count()),
        (_("Connections"), Connection.objects.count()),
        (_("Writes today"), days[-1].events),
        (_("Refused today"), days[-1].failures),
    ]


def _columns(days: list[Day]) -> list[Column]:
    """Return the bars, the highest day as high as the drawing."""
    unit = HEIGHT / max(1, *(day.events for day in days))
    columns = []
    for number, day in enumerate(days):
        failed = round(day.failures * unit, 1)
        accepted = round((day.events - day.failures) * unit, 1)
        top = round(HEIGHT - accepted, 1)
        x = number * (WIDTH + GAP)
        columns.append(Column(day, x, top, accepted, round(top - failed, 1), failed))
    return columns
