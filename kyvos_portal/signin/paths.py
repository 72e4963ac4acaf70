"""Addresses of this site: where people go after signing in, and providers send them to."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from scim_provisioning import conf

MOST = 500
"""Characters of an address that is kept while a person is away."""


def own_path(request: HttpRequest) -> str:
    """Return the page that ``next`` names, or home."""
    wanted = request.GET.get("next", "")
    is_path = wanted.startswith("/") and len(wanted) <= MOST
    if is_path and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def site(request: HttpRequest) -> str:
    """Return scheme and host of this site as its visitors see them."""
    return (conf.current().public_url or f"{request.scheme}://{request.get_host()}").rstrip("/")
