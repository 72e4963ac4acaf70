"""The sign-in page with every way in, and the way out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views.decorators.http import require_POST

from scim_provisioning.auth import throttle
from scim_provisioning.http.limits import client_address
from scim_provisioning.models import OIDCApplication
from scim_provisioning.protocol.errors import TooManyRequests

from .backends import REALM
from .forms import PasswordForm
from .models import SamlProvider
from .rule import Way
from .saml.program import xmlsec1
from .sessions import KEY


class SignInView(LoginView):
    """A button for each provider, and the form for passwords."""

    form_class = PasswordForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the ways in."""
        context = super().get_context_data(**kwargs)
        next_url = self.get_redirect_url()
        query = f"?{urlencode({'next': next_url})}" if next_url else ""
        context["ways"] = [{"name": name, "url": url + query} for name, url in ways()]
        context["passwords_for_all"] = settings.PASSWORD_SIGN_IN
        return context

    def form_invalid(self, form: Any) -> HttpResponse:
        """Answer 429 where too many attempts failed, else the form with its one message."""
        response: HttpResponse = super().form_invalid(form)
        try:
            throttle.check(client_address(self.request), form.data.get("username", ""), realm=REALM)
        except TooManyRequests as error:
            response.status_code = 429
            response["Retry-After"] = str(error.retry_after)
        return response


def ways() -> list[tuple[str, str]]:
    """Return the name and the address of every provider that people sign in by."""
    oidc = OIDCApplication.objects.filter(enabled=True, sign_in=True).values_list("name", "slug")
    found = [(name, reverse("oidc_login", args=[slug])) for name, slug in oidc]
    if xmlsec1() is not None:
        saml = SamlProvider.objects.filter(enabled=True).values_list("name", "slug")
        found += [(name, reverse("saml2_login", args=[slug])) for name, slug in saml]
    return sorted(found)


SIGN_OUT_URLS = {
    way: f"{__package__}.{module}.views.sign_out_url"
    for way, module in ((Way.OIDC, "oidc"), (Way.SAML, "saml"))
}
"""By dotted path: pysaml2 is read where somebody signed in with it."""


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here, and at the identity provider that it came from."""
    way = (request.session.get(KEY) or {}).get("way")
    elsewhere = import_string(SIGN_OUT_URLS[way])(request) if way in SIGN_OUT_URLS else None
    logout(request)
    return redirect(elsewhere or settings.LOGOUT_REDIRECT_URL)
