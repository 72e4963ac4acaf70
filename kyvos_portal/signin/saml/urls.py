"""SAML's URLs, below ``/saml2/``.

pysaml2 takes 20 MB and half a second to read: the first of these requests reads it, not every
process at its start.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponseBase]


@cache
def _view(name: str) -> View:
    view: View = getattr(import_module(f"{__package__}.views"), name).as_view()
    return view


def late(name: str) -> View:
    """Return the view of a class in ``views`` that is imported when it is called."""

    def view(request: HttpRequest, **captured: Any) -> HttpResponseBase:
        return _view(name)(request, **captured)

    return view


urlpatterns = [
    path("login/<slug:slug>/", late("SamlLogin"), name="saml2_login"),
    # A provider's page posts there: what it sends is signed.
    path("acs/", csrf_exempt(late("SamlAcs")), name="saml2_acs"),
    path("ls/", late("SamlLogout"), name="saml2_ls"),
    path("metadata/", late("SamlMetadata"), name="saml2_metadata"),
]
