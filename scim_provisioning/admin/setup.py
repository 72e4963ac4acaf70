"""The pages that connect an identity provider: what to paste where, how far it is, and *Test*."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from scim_provisioning import conf, connections, credentials, health, progress, self_test
from scim_provisioning.auth import portal_tokens
from scim_provisioning.guides import BY_SLUG, GUIDES, Fact, Guide, Mark, Scheme, Step
from scim_provisioning.models import Connection, ScimUser
from scim_provisioning.self_test import Place

from .base import site
from .below import PageBelow
from .credentials import CredentialPages
from .secrets import respond


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step with the values of one connection."""

    step: Step
    values: list[tuple[Any, str | None]]
    reached: Any
    is_issue: bool


def available() -> list[Guide]:
    """Return the ways that this site offers."""
    return [guide for guide in GUIDES if _is_offered(guide)]


def _is_offered(guide: Guide) -> bool:
    if any(step.saml for step in guide.steps) and conf.current().saml_values is None:
        return False
    match guide.scheme:
        case Scheme.BASIC:
            return conf.current().basic
        case Scheme.OAUTH:
            return portal_tokens.endpoint() is not None
    return True


class SetUpPages(CredentialPages):
    """For who may see a connection; a credential is made, and a test run, by who operates it."""

    def get_urls(self) -> list[Any]:
        """Add the pages."""
        pages: list[PageBelow] = [
            ("", self.ways_page, "set_up"),
            ("<slug:slug>/", self.guide_page, "guide"),
            ("<slug:slug>/test/", self.test_page, "test"),
        ]
        return self.pages_below("set-up", pages) + super().get_urls()

    def ways_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask which identity provider it is."""
        connection = self.opened(request, pk, self.has_view_permission)
        ways = [(guide, self.page_url("guide", connection, guide.slug)) for guide in available()]
        title = _("Set up %(name)s") % {"name": connection}
        trail = self.trail(connection)
        context = {"ways": ways, "preview_url": self._preview_url(request, connection)}
        return respond(self, request, "set_up", title, trail=trail, **context)

    def _preview_url(self, request: HttpRequest, connection: Connection) -> str | None:
        """Return the way to the import preview, until the first user came."""
        began = ScimUser.objects.filter(connection=connection).exists()
        offered = self.has_operate_permission(request) and not began
        return self.page_url("matching", connection) if offered else None

    @method_decorator(never_cache)
    @sensitive_variables()
    def guide_page(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """Show the steps; a POST makes the first credential and shows it among them, this once."""
        guide = _guide(slug)
        makes = request.method == "POST"
        may = self.has_operate_permission if makes else self.has_view_permission
        connection = self.opened(request, pk, may)
        if not makes:
            return self.show_guide(request, connection, guide)
        if progress.of(connection, guide.kind).issued:
            messages.warning(request, _("There is one already; its secret was shown once."))
            return self.redirect_to("guide", connection, slug)
        made = credentials.make(connection, guide.kind)
        self.log_change(request, connection, f"Made {made.key} ({made.hint}).")
        return self.show_guide(request, connection, guide, made.secret)

    def show_guide(
        self, request: HttpRequest, connection: Connection, guide: Guide, secret: str | None = None
    ) -> HttpResponse:
        """Show the steps of a guide with the connection's values, and a secret just made."""
        reached = progress.of(connection, guide.kind)
        facts = _facts(request, connection, secret)
        new_url = self.page_url("new_credential", connection, guide.kind)
        context = {
            "trail": self.trail(connection, (_("Set up"), "set_up")),
            "guide": guide,
            "problems": list(health.of_address(site(request))),
            "steps": [_shown(request, step, facts, reached) for step in guide.steps],
            "progress": reached,
            "secret": secret,
            "may_operate": self.has_operate_permission(request),
            "ways_url": self.page_url("set_up", connection),
            "preview_url": self._preview_url(request, connection),
            "guide_url": self.page_url("guide", connection, guide.slug),
            "test_url": self.page_url("test", connection, guide.slug),
            "new_url": f"{new_url}?guide={guide.slug}",
        }
        title = _("%(guide)s: set up %(name)s") % {"guide": guide.title, "name": connection}
        response = respond(self, request, "guide", title, **context)
        if secret is not None:
            response["Cache-Control"] = "no-store, private"
        return response

    # The request to ourselves has to find what this one wrote.
    @method_decorator([never_cache, transaction.non_atomic_requests])
    @sensitive_variables()
    def test_page(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """Say what the test does; a POST runs it and shows request and answer."""
        guide = _guide(slug)
        connection = self.opened(request, pk, self.has_operate_permission)
        outcome = None
        if request.method == "POST":
            outcome = self_test.run(connection, guide, _place(request))
            result = "passed" if outcome.passed else "failed"
            self.log_change(request, connection, f"Tested as {guide.slug}: {result}.")
        context = {
            "trail": [
                *self.trail(connection, (_("Set up"), "set_up")),
                (guide.title, self.page_url("guide", connection, slug)),
            ],
            "guide": guide,
            "outcome": outcome,
            "back_url": self.page_url("guide", connection, slug),
        }
        return respond(self, request, "test", _("Test %(name)s") % {"name": connection}, **context)


def _guide(slug: str) -> Guide:
    guide = BY_SLUG.get(slug)
    if guide is None or not _is_offered(guide):
        raise Http404
    return guide


def _place(request: HttpRequest) -> Place:
    """Return where this site is, and the socket that this very request came in by."""
    name, port = request.META.get("SERVER_NAME", ""), request.META.get("SERVER_PORT", "")
    host = "127.0.0.1" if name in ("0.0.0.0", "::", "") else name
    local = f"http://{f'[{host}]' if ':' in host else host}:{port}" if port else None
    headers = {"Host": request.get_host()}
    if request.is_secure():
        headers["X-Forwarded-Proto"] = "https"
    return Place(site(request), local, headers)


def _facts(
    request: HttpRequest, connection: Connection, secret: str | None
) -> dict[Fact, str | None]:
    return {
        Fact.BASE_URL: connections.base_url(site(request)),
        Fact.IDENTIFIER: "userName",
        Fact.USERNAME: connection.acting_user.get_username(),
        Fact.SECRET: secret,
        Fact.CLIENT_ID: credentials.client_id(connection),
        Fact.TOKEN_ENDPOINT: connections.token_endpoint(site(request)),
        Fact.SCOPE: "scim",
    }


def _shown(
    request: HttpRequest, step: Step, facts: dict[Fact, str | None], reached: progress.Progress
) -> ShownStep:
    values = [(label, facts[fact]) for label, fact in step.values]
    if step.saml:
        values += _saml_values(request)
    return ShownStep(step, values, reached.of(step.mark), step.mark is Mark.ISSUED)


def _saml_values(request: HttpRequest) -> Iterator[tuple[Any, str]]:
    """Yield what the site's own SAML wants to be told to an identity provider."""
    if named := conf.current().saml_values:
        yield from import_string(named)(request)
