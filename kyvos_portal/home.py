"""The person's home: what the portal knows of them, and what was laid out for them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from onboarding import services
from onboarding.models import UserProfile

GROUPS = 100
"""How many groups are listed."""
KINDS: dict[str, Any] = {
    "folder": _("Folders"),
    "semanticModel": _("Semantic models"),
    "workbook": _("Workbooks"),
    "dashboard": _("Dashboards"),
}
"""What the stock kinds of entities are called; a site's own go by their keys."""
PREFERENCES = ("locale", "timezone", "preferred_language")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the signed-in person who they are here, by a constant number of statements."""
    known = services.describe(request.user)
    entities: dict[Any, list[Any]] = {}
    for entity in known.entities:
        entities.setdefault(KINDS.get(entity.kind, entity.kind), []).append(entity)
    groups = list(request.user.groups.order_by("name")[: GROUPS + 1])
    context = {
        "known": known,
        "entities": entities,
        "groups": groups[:GROUPS],
        "has_more_groups": len(groups) > GROUPS,
        "preferences": _preferences(known.profile) if known.profile else {},
    }
    return render(request, "home.html", context)


def _preferences(profile: UserProfile) -> dict[str, str]:
    """Return what is known, by the names of the fields."""
    fields: list[Any] = [UserProfile._meta.get_field(name) for name in PREFERENCES]
    named = {str(field.verbose_name).capitalize(): getattr(profile, field.name) for field in fields}
    return {name: value for name, value in named.items() if value}
