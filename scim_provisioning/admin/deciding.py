"""The decisions about an import preview: of those selected, of all that are shown, of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scim_provisioning import rights
from scim_provisioning.directory import decisions, evidence, matching
from scim_provisioning.directory.decisions import Decided
from scim_provisioning.directory.evidence import Choice
from scim_provisioning.models import Candidate, Connection, Decision, ScimUser

from . import candidates, decision_texts
from .below import PageBelow
from .facts import link
from .matching import MatchingPages
from .secrets import ask, respond

PERSON, ALL = "person", "all"
MOST = 1000
"""People who can be selected one by one."""
DECISIONS = {"nobody": Decision.SEPARATE, "undo": Decision.OPEN}
"""What can be answered on one person's page besides an account."""
LOGGED = {
    Decision.LINK: "Decided to link {} people of the import preview.",
    Decision.SEPARATE: "Decided to keep {} people of the import preview separate.",
    Decision.OPEN: "Took back the decisions about {} people of the import preview.",
}


class DecidingPages(MatchingPages):
    """Pages for whoever configures connections; privileges need the right to allow links too."""

    def get_urls(self) -> list[Any]:
        """Add the pages."""
        pages: list[PageBelow] = [
            ("decide/", self.decide_page, "matching_decide"),
            ("<int:key>/", self.choose_page, "matching_choose"),
        ]
        return self.pages_below("matching", pages) + super().get_urls()

    @method_decorator(transaction.non_atomic_requests)
    def decide_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and decide about several."""
        connection = self.opened(request, pk, self.has_configure_permission)
        shown = candidates.Filter(request.POST)
        back = f"{self.page_url('matching', connection)}?{shown.query}"
        decision = request.POST.get("do", "")
        rows = _asked_for(request, connection, shown).filter(match__in=matching.DECIDABLE)
        rows = rows.exclude(decision=decision)
        if decision == Decision.LINK:
            # Who has several accounts needs a choice first.
            rows = rows.exclude(user=None)
        if decision not in Decision.values or not rows.exists():
            messages.warning(request, _("Nobody was selected about whom there is to decide."))
        elif "yes" not in request.POST:
            return self._ask_decision(request, connection, Decision(decision), rows, back)
        else:
            self._decide(request, connection, Decision(decision), rows)
        return HttpResponseRedirect(back)

    def _decide(
        self,
        request: HttpRequest,
        connection: Connection,
        decision: Decision,
        rows: QuerySet[Candidate],
    ) -> None:
        allowed = rights.may_allow_links(request.user)
        decided = decisions.decide(connection, rows, decision, request.user, may_allow=allowed)
        self._tell(request, connection, decision, decided)

    def _tell(
        self, request: HttpRequest, connection: Connection, decision: Decision, decided: Decided
    ) -> None:
        """Log who decided, and say what came of it."""
        if decided.done:
            self.log_change(request, connection, LOGGED[decision].format(decided.done))
        if decided.privileged:
            messages.warning(request, decision_texts.left_for_privilege(decided.privileged))
        if decided.taken:
            messages.warning(request, decision_texts.taken(decided.taken))
        if decided.ended:
            messages.warning(request, _("There was no time for all: decide about the rest."))
        text = ngettext("Decided about %d person.", "Decided about %d people.", decided.done)
        messages.success(request, text % decided.done)

    def _ask_decision(
        self,
        request: HttpRequest,
        connection: Connection,
        decision: Decision,
        rows: QuerySet[Candidate],
        back: str,
    ) -> HttpResponse:
        count, privileged = rows.count(), rows.filter(privileged=True).count()
        title, question, yes, lines = decision_texts.asked(decision, connection, count)
        if decision == Decision.LINK and privileged:
            may_allow = rights.may_allow_links(request.user)
            told = decision_texts.with_privilege if may_allow else decision_texts.left_for_privilege
            lines = [*lines, told(privileged)]
        hidden = [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name != "csrfmiddlewaretoken"
        ]
        return ask(
            self, request, title, question, yes, lines, hidden=[*hidden, ("yes", "1")],
            trail=self.trail_below_preview(connection), back_url=back,
        )  # fmt: skip

    def choose_page(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        """Show the accounts that match one person; a POST decides."""
        decides = request.method == "POST"
        may = self.has_configure_permission if decides else self.has_operate_permission
        connection = self.opened(request, pk, may)
        rows = Candidate.objects.select_related("connection", "user")
        person = get_object_or_404(rows, pk=key, connection=connection)
        if decides:
            self._choose(request, person)
            return HttpResponseRedirect(request.path)
        choices = list(evidence.choices(person))
        words = candidates.privileges([choice.account for choice in choices])
        [shown] = candidates.shown([person], self.admin_site)
        context = {
            "person": person,
            "shown": shown,
            "choices": [
                _Shown(choice, words[choice.account.pk], self._link(choice.account))
                for choice in choices
            ],
            "may_decide": self.has_configure_permission(request)
            and shown.is_decidable
            and not shown.is_done,
            "may_allow": rights.may_allow_links(request.user),
            "trail": self.trail_below_preview(connection),
            "back_url": self.page_url("matching", connection),
        }
        return respond(self, request, "matching_choose", person.user_name or "-", **context)

    def _link(self, account: ScimUser) -> str:
        return link(self.admin_site, ScimUser, account.pk, account.user_name)

    def _choose(self, request: HttpRequest, person: Candidate) -> None:
        asked = request.POST.get("account", "")
        if asked in DECISIONS:
            rows = Candidate.objects.filter(pk=person.pk)
            self._decide(request, person.connection, DECISIONS[asked], rows)
            return
        found = (c.account.pk for c in evidence.choices(person) if c.is_open)
        account = next((key for key in found if str(key) == asked), None)
        if account is None:
            messages.warning(request, _("Choose one of the accounts."))
            return
        allowed = rights.may_allow_links(request.user)
        decided = decisions.choose(person, account, request.user, may_allow=allowed)
        self._tell(request, person.connection, Decision.LINK, decided)


@dataclass(frozen=True, slots=True)
class _Shown:
    """An account that can be chosen, or why not."""

    choice: Choice
    privileges: str
    link: str

    @property
    def reasons(self) -> str:
        """What it matches by."""
        return ", ".join(str(kind.label) for kind in self.choice.by)

    @property
    def obstacle(self) -> str:
        """Why it cannot be chosen, empty where it can."""
        if owner := self.choice.account.connection:
            return _("It belongs to %(name)s.") % {"name": owner}
        if self.choice.linked:
            return _("It is linked to another person.")
        return _("The user name is another account's.") if self.choice.name_taken else ""


def _asked_for(
    request: HttpRequest, connection: Connection, shown: candidates.Filter
) -> QuerySet[Candidate]:
    """Return those selected, or all that the filter lets through."""
    rows = shown.rows(connection)
    if request.POST.get("scope") == ALL:
        return rows
    keys = (candidates.key_in(text) for text in request.POST.getlist(PERSON))
    return rows.filter(pk__in=[key for key in keys if key is not None][:MOST])
