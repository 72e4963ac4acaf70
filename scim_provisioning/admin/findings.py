"""Findings: what needs a person, with the way out beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scim_provisioning import rights
from scim_provisioning.directory import findings
from scim_provisioning.models import Finding, FindingKind

from .base import ReadOnlyPage
from .secrets import ask_first, list_url, respond


@admin.register(Finding)
class FindingAdmin(ReadOnlyPage):
    """Open findings first."""

    list_display = (
        "kind",
        "connection",
        "user",
        "group",
        "count",
        "last_seen",
        "allowed",
        "resolved",
    )
    list_filter = ("kind", ("resolved", admin.EmptyFieldListFilter))
    list_select_related = ("connection", "user", "group")
    actions = ("allow_link", "resolve")

    def has_allow_link_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may let SCIM manage a protected account."""
        return rights.may_allow_links(request.user)

    def get_urls(self) -> list[Any]:
        """Add the page that decides one finding."""
        decide = self.admin_site.admin_view(self.decide_page)
        name = "scim_provisioning_finding_decide"
        return [path("<int:pk>/decide/", decide, name=name), *super().get_urls()]

    def decide_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what a finding is, and what each decision does; a POST decides."""
        rows = Finding.objects.select_related("user", "group", "connection")
        finding = get_object_or_404(rows, pk=pk)
        if not self.has_view_permission(request, finding):
            raise PermissionDenied
        if finding.kind == FindingKind.BRAKED and finding.resolved is None:
            # It ends with the stop, whose page has the two ways on.
            name = f"{self.admin_site.name}:scim_provisioning_connection_brake"
            return HttpResponseRedirect(reverse(name, args=[finding.connection_id]))
        may_allow = self.has_allow_link_permission(request)
        may_resolve = self.has_operate_permission(request)
        if request.method == "POST":
            wants_link = "allow" in request.POST
            if not (may_allow if wants_link else may_resolve):
                raise PermissionDenied
            self._decide(request, [finding], allow=wants_link)
            return HttpResponseRedirect(list_url(self))
        context = {
            "finding": finding,
            "is_open": finding.resolved is None,
            "may_allow": may_allow and findings.is_linkable(finding),
            "may_resolve": may_resolve,
            "back_url": list_url(self),
        }
        return respond(self, request, "decide", str(finding), **context)

    @admin.action(description=_("Allow this link"), permissions=["allow_link"])
    def allow_link(self, request: HttpRequest, queryset: QuerySet[Finding]) -> Any:
        """Ask, and let the connection of each finding manage its account or group."""
        question = gettext(
            "Let these connections manage these accounts and groups? From their next write on they"
            " change, disable and delete them like their own."
        )
        yes = gettext("Yes, allow")
        return self._ask_or_decide(request, queryset, "allow_link", question, yes)

    @admin.action(description=_("Resolve: nothing is to be done"), permissions=["operate"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Finding]) -> Any:
        """Ask, and put findings away; the same trouble makes a new one."""
        question = gettext(
            "Put these away? Nothing is changed: the same trouble makes a new finding."
        )
        yes = gettext("Yes, put them away")
        return self._ask_or_decide(request, queryset, "resolve", question, yes)

    def _ask_or_decide(
        self,
        request: HttpRequest,
        queryset: QuerySet[Finding],
        action: str,
        question: str,
        yes: str,
    ) -> HttpResponse | None:
        opened = queryset.filter(resolved=None).select_related("user", "group", "connection")
        rows = list(opened)
        title = yes.partition(", ")[2].capitalize()
        if (page := ask_first(self, request, action, rows, title, question, yes)) is not None:
            return page
        self._decide(request, rows, allow=action == "allow_link")
        return None

    def _decide(self, request: HttpRequest, rows: list[Finding], *, allow: bool) -> None:
        """Decide, log who did, and say how many that changed."""
        done = [row for row in rows if (findings.allow(row) if allow else findings.resolve(row))]
        for row in done:
            self.log_change(request, row, "Link allowed." if allow else "Resolved.")
        if allow:
            messages.success(request, _("%(count)d links allowed.") % {"count": len(done)})
        else:
            messages.success(request, _("%(count)d findings resolved.") % {"count": len(done)})
