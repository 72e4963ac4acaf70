"""A page that shows a secret, and a page that asks before something ends.

A secret goes straight into the answer to the form that made it: not into a message, which
would lie in a cookie or a session, and not into the admin's log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Trail = Iterable[tuple[str, str]]
MOST_ROWS = 500
"""Rows that one answer decides about: Django takes no form of more than 1,000 fields."""


def list_url(page: ModelAdmin[Any]) -> str:
    """Return where the rows of a page's model are listed."""
    opts = page.opts
    return reverse(f"{page.admin_site.name}:{opts.app_label}_{opts.model_name}_changelist")


def respond(
    page: ModelAdmin[Any], request: HttpRequest, template: str, title: str, **context: Any
) -> TemplateResponse:
    """Return one of the app's own pages, within the admin's."""
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": title,
        "list_url": list_url(page),
        "trail": (),
        **context,
    }
    request.current_app = page.admin_site.name
    return TemplateResponse(request, f"scim_provisioning/{template}.html", context)


def show_once(
    page: ModelAdmin[Any],
    request: HttpRequest,
    caption: str,
    facts: Iterable[tuple[str, Any]],
    **context: Any,
) -> TemplateResponse:
    """Return the page with a new secret; neither the browser nor a proxy keeps it."""
    context = {"caption": caption, "facts": facts, "back_url": list_url(page), **context}
    response = respond(page, request, "secret", _("Shown this once"), **context)
    response["Cache-Control"] = "no-store, private"
    return response


def ask(
    page: ModelAdmin[Any],
    request: HttpRequest,
    title: str,
    question: str,
    yes: str,
    lines: Iterable[Any],
    **context: Any,
) -> TemplateResponse:
    """Return a page that asks before something ends."""
    context = {"back_url": list_url(page), "hidden": (), **context}
    return respond(
        page, request, "confirm", title, question=question, yes=yes, lines=lines, **context
    )


def ask_first(
    page: ModelAdmin[Any],
    request: HttpRequest,
    action: str,
    rows: Sequence[Any] | QuerySet[Any],
    title: str,
    question: str,
    yes: str,
) -> TemplateResponse | None:
    """Return a page that asks before an action of a list; None once the person said yes.

    It names whom the answer is about: of all rows of a long list the first, the rest is left.
    """
    if "yes" in request.POST:
        return None
    hidden = [("action", action), ("yes", "1")]
    asked, left = list(rows[:MOST_ROWS]), max(0, len(rows) - MOST_ROWS)
    hidden += [(ACTION_CHECKBOX_NAME, str(row.pk)) for row in asked]
    more = ngettext(
        "%d more is left for the next time.", "%d more are left for the next time.", left
    )
    lines = [*asked, more % left] if left else asked
    return ask(page, request, title, question, yes, lines, hidden=hidden)
