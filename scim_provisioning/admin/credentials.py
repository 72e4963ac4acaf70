"""A connection's credentials: listed with their use, made, rotated and revoked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from scim_provisioning import connections, credential_list, credentials
from scim_provisioning.auth import portal_tokens
from scim_provisioning.credential_list import Listed
from scim_provisioning.credentials import Kind, NewCredential
from scim_provisioning.guides import BY_SLUG, Guide
from scim_provisioning.models import Connection

from .base import site
from .below import PageBelow, PagesBelow
from .secrets import ask, respond, show_once

KEEP = "keep"
LIFETIMES = {Kind.TOKEN: (30, 90, 180, 365), Kind.CLIENT: (365, 730, 1095)}
OVERLAPS = (0, 1, 7, 30)
TITLES = {Kind.TOKEN: gettext_lazy("New token"), Kind.CLIENT: gettext_lazy("New client secret")}


class NewCredentialForm(forms.Form):
    """How long a new credential lives, and what becomes of the old ones."""

    days = forms.TypedChoiceField(label=gettext_lazy("Lifetime"), coerce=int)
    old = forms.ChoiceField(
        label=gettext_lazy("The old ones"),
        help_text=gettext_lazy("What uses an old one has to get the new one before it ends."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, kind: Kind, live: list[Listed], data: Any = None) -> None:
        self.live = " ".join(row.key for row in live)
        super().__init__(data, initial={"days": 365, "old": "7", "seen": self.live})
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (days, ngettext("%d day", "%d days", days) % days) for days in LIFETIMES[kind]
        ]
        self.fields["old"].choices = [(str(n), _overlap(n)) for n in OVERLAPS]  # type: ignore[attr-defined]
        self.fields["old"].choices += [(KEEP, _("go on until they expire"))]  # type: ignore[attr-defined]
        if not live:
            del self.fields["old"]

    def clean_seen(self) -> str:
        """Refuse a form that was sent twice, or after somebody else's."""
        seen: str = self.cleaned_data["seen"]
        if seen != self.live:
            raise forms.ValidationError(
                _("The credentials have changed since this page was opened: look at the list.")
            )
        return seen


def _overlap(days: int) -> str:
    if not days:
        return _("end now")
    return ngettext("go on for %d day", "go on for %d days", days) % days


class CredentialPages(PagesBelow):
    """The pages below a connection's own, for who may see it; changes for who may operate it."""

    def get_urls(self) -> list[Any]:
        """Add the pages."""
        pages: list[PageBelow] = [
            ("", self.credentials_page, "credentials"),
            ("new/<str:kind>/", self.new_page, "new_credential"),
            ("<str:key>/revoke/", self.revoke_page, "revoke_credential"),
        ]
        return self.pages_below("credentials", pages) + super().get_urls()

    def credentials_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """List the credentials of a connection."""
        connection = self.opened(request, pk, self.has_view_permission)
        rows = credential_list.listed(connection)
        context = {
            "trail": self.trail(connection),
            "facts": [*_user_facts(request, connection), *_client_facts(request, connection)[1:]],
            "may_operate": self.has_operate_permission(request),
            "rows": [(row, round(row.share * 100), self._revoke(connection, row)) for row in rows],
            "token_url": self.page_url("new_credential", connection, Kind.TOKEN),
            "client_url": portal_tokens.endpoint()
            and self.page_url("new_credential", connection, Kind.CLIENT),
        }
        title = _("Credentials of %(name)s") % {"name": connection}
        return respond(self, request, "credentials", title, **context)

    def _revoke(self, connection: Connection, row: Listed) -> str | None:
        return (
            self.page_url("revoke_credential", connection, row.key) if row.can_be_revoked else None
        )

    def new_page(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """Ask how a new credential is to be; make it, and show it this once."""
        connection = self.opened(request, pk, self.has_operate_permission)
        if kind not in list(Kind):
            raise Http404
        rows = credential_list.listed(connection)
        live = [row for row in rows if row.is_live and row.kind == kind]
        form = NewCredentialForm(Kind(kind), live, request.POST if request.POST else None)
        made = _make(connection, Kind(kind), form) if request.method == "POST" else None
        context = {
            "trail": self.trail(connection, (_("Credentials"), "credentials")),
            "back_url": self.page_url("credentials", connection),
        }
        if made is None:
            title = str(TITLES[Kind(kind)])
            return respond(self, request, "new_credential", title, form=form, **context)
        self.log_change(request, connection, f"Made {made.key} ({made.hint}).")
        guide = BY_SLUG.get(request.GET.get("guide", ""))
        if guide is not None and guide.kind == kind:
            return self.show_guide(request, connection, guide, made.secret)
        return self.show_credential(request, connection, Kind(kind), made.secret, **context)

    def show_guide(
        self, request: HttpRequest, connection: Connection, guide: Guide, secret: str
    ) -> HttpResponse:
        """Show a new secret among the steps of a guide."""
        raise NotImplementedError

    def show_credential(
        self, request: HttpRequest, connection: Connection, kind: Kind, secret: str, **context: Any
    ) -> HttpResponse:
        """Show a new secret with all that goes with it into the identity provider."""
        caption = _("For %(name)s") % {"name": connection}
        if kind is Kind.CLIENT:
            facts = [*_client_facts(request, connection), (_("Client secret"), secret)]
        else:
            facts = [
                *_user_facts(request, connection),
                (_("Token, or password in HTTP Basic"), secret),
            ]
        return show_once(self, request, caption, facts, **context)

    def revoke_page(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        """Ask before a credential ends, and end it."""
        connection = self.opened(request, pk, self.has_operate_permission)
        rows = credential_list.listed(connection)
        row = next((row for row in rows if row.key == key and row.can_be_revoked), None)
        if row is None:
            messages.warning(request, _("It has ended already."))
            return self.redirect_to("credentials", connection)
        if request.method != "POST":
            return self._ask_revoke(request, connection, row)
        credentials.revoke(connection, key)
        self.log_change(request, connection, f"Revoked {row.key} ({row.hint}).")
        messages.success(request, _("%(key)s has ended.") % {"key": key})
        return self.redirect_to("credentials", connection)

    def _ask_revoke(
        self, request: HttpRequest, connection: Connection, row: Listed
    ) -> HttpResponse:
        use = ngettext(
            "It made %d request on the last day.",
            "It made %d requests on the last day.",
            row.requests,
        )
        return ask(
            self,
            request,
            _("Revoke %(key)s") % {"key": row.key},
            _("End this credential now? The next request with it is refused, for good."),
            _("Yes, end it"),
            [f"{row.key}  {row.hint}", use % row.requests],
            back_url=self.page_url("credentials", connection),
            trail=self.trail(connection, (_("Credentials"), "credentials")),
        )


def _make(connection: Connection, kind: Kind, form: NewCredentialForm) -> NewCredential | None:
    """Make what a form asks for; None where it cannot be, and the form says why."""
    if not form.is_valid():
        form.errors.setdefault("__all__", form.errors.pop("seen", form.error_class()))
        return None
    days, old = form.cleaned_data["days"], form.cleaned_data.get("old", "0")
    try:
        if old == KEEP:
            return credentials.make(connection, kind, days=days)
        return credentials.rotate(connection, kind, overlap_days=int(old), days=days)
    except connections.ConnectionProblem as problem:
        form.add_error(None, str(problem))
        return None


def _user_facts(request: HttpRequest, connection: Connection) -> list[tuple[str, str]]:
    """Return what goes with a token into an identity provider."""
    username = connection.acting_user.get_username()
    return [(_("Base URL"), connections.base_url(site(request))), (_("User name"), username)]


def _client_facts(request: HttpRequest, connection: Connection) -> list[tuple[str, str]]:
    """Return what goes with a client secret; the base URL alone where there is no client."""
    facts = [(_("Base URL"), connections.base_url(site(request)))]
    endpoint, client_id = (
        connections.token_endpoint(site(request)),
        credentials.client_id(connection),
    )
    if endpoint and client_id:
        facts += [(_("Token endpoint"), endpoint), (_("Client id"), client_id)]
        facts += [(_("Scope"), "scim")]
    return facts
