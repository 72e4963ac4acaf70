"""A person's own security page: tokens, identities, and who signed in lately."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods, require_POST

from scim_provisioning import rights
from scim_provisioning.auth import personal_tokens

from .forms import TokenForm

MOST_SHOWN = 20


def may_provision(user: Any) -> bool:
    """Whether a person may make tokens that provision: who may configure connections."""
    return rights.may_configure(user)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def security(request: HttpRequest) -> HttpResponse:
    """Show the page; a POST makes a token and shows it, this once."""
    user: Any = request.user
    form = TokenForm(request.POST or None, may_provision=may_provision(user))
    token = None
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        _, token = personal_tokens.create(
            user,
            description=facts["description"],
            scopes=facts.get("scopes", ""),
            expires=facts["expires"],
        )
        form = TokenForm(may_provision=may_provision(user))
    response = render(request, "signin/security.html", {"form": form, "token": token, **own(user)})
    add_never_cache_headers(response)
    return response


def own(user: Any) -> dict[str, Any]:
    """Return what the page lists of a person."""
    tokens = user.personal_access_tokens.filter(revoked=None, expires__gt=timezone.now())
    row = getattr(user, "scim", None)
    if row is not None and row.credentials_valid_after is not None:
        tokens = tokens.filter(created__gt=row.credentials_valid_after)
    return {
        "tokens": tokens[:MOST_SHOWN],
        "identities": user.identities.all(),
        "sign_ins": user.sign_ins.all()[:MOST_SHOWN],
    }


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the person's own tokens now."""
    user: Any = request.user
    row = get_object_or_404(user.personal_access_tokens, pk=pk)
    if row.revoked is None:
        row.revoked = timezone.now()
        row.save(update_fields=["revoked"])
    return redirect("security")
