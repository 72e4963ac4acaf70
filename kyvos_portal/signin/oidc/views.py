"""OpenID Connect's pages: to the issuer, and back from it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
)

from kyvos_portal.signin.events import Refused, refuse
from kyvos_portal.signin.paths import own_path, site
from kyvos_portal.signin.rule import Reason, Way
from scim_provisioning.auth import throttle
from scim_provisioning.http.limits import client_address
from scim_provisioning.models import OIDCApplication
from scim_provisioning.protocol.errors import TooManyRequests

from .flow import Flow

REALM = "oidc"
KEY = "oidc"
STATES = "oidc_states"


@method_decorator(never_cache, name="dispatch")
class OIDCLogin(OIDCAuthenticationRequestView):  # type: ignore[misc]
    """Sends a person to the issuer of one application, and remembers which and why."""

    flow: Flow

    def __init__(self, **kwargs: Any) -> None:
        # The stock one reads one application's settings here.
        View.__init__(self, **kwargs)

    def get(self, request: Any, slug: str) -> HttpResponse:
        """Redirect with state, nonce and code challenge."""
        rows = OIDCApplication.objects.filter(enabled=True, sign_in=True)
        self.flow = Flow(get_object_or_404(rows, slug=slug))
        endpoint = urlsplit(self.flow.application.authorization_endpoint)
        self.extra = dict(parse_qsl(endpoint.query))
        self.OIDC_OP_AUTH_ENDPOINT = urlunsplit(endpoint._replace(query=""))
        self.OIDC_RP_CLIENT_ID = self.flow.application.client_id
        response: HttpResponse = super().get(request)
        newest = next(reversed(request.session[STATES].values()))
        newest |= {"application": self.flow.application.pk, "next": own_path(request)}
        request.session.modified = True
        return response

    def get_settings(self, attr: str, *args: Any) -> Any:
        """Return a setting: the application's, else the site's."""
        return self.flow.setting(attr, *args)

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """Keep what the issuer's own endpoint has in its query."""
        return self.extra


@method_decorator(never_cache, name="dispatch")
class OIDCCallback(OIDCAuthenticationCallbackView):  # type: ignore[misc]
    """Takes the code that an issuer sent a person back with."""

    flow: Flow | None = None

    def get(self, request: Any) -> HttpResponse:
        """Sign in, or show the page that is the same for everybody."""
        try:
            throttle.check(client_address(request), None, realm=REALM)
            self.flow = request.oidc_flow = self._begun(request)
        except TooManyRequests:
            return self._refused(Refused(Reason.THROTTLED))
        except Refused as refusal:
            return self._refused(refusal)
        response: HttpResponse = super().get(request)
        return response

    @staticmethod
    def _begun(request: Any) -> Flow:
        """Return the sign-in that the state belongs to; raise Refused."""
        query = request.GET
        found = request.session.get(STATES, {}).get(query.get("state", ""))
        if not found or "application" not in found:
            raise Refused(Reason.INVALID, "The state is of no sign-in of this browser.")
        rows = OIDCApplication.objects.filter(enabled=True, sign_in=True)
        application = rows.filter(pk=found["application"]).first()
        problem = _problem(application, query)
        if problem is not None or application is None:
            # Whatever comes of it, a state is used once.
            del request.session[STATES][query["state"]]
            request.session.modified = True
            raise problem or Refused(Reason.INVALID, "The application was switched off meanwhile.")
        return Flow(application, found["next"])

    def login_failure(self) -> HttpResponse:
        """Show the page that is the same for everybody."""
        refusal = self.flow.refusal if self.flow else None
        return self._refused(refusal or Refused(Reason.INVALID))

    def login_success(self) -> HttpResponse:
        """Begin a session, and go where the person wanted to."""
        flow = self.flow
        assert flow is not None
        login(self.request, self.user)
        self.request.session[KEY] = [flow.application.pk, flow.id_token]
        return HttpResponseRedirect(flow.next)

    def _refused(self, refusal: Refused) -> HttpResponse:
        if refusal.reason in (Reason.INVALID, Reason.PROVIDER):
            throttle.fail(client_address(self.request), None, realm=REALM)
        name, subject = "", ""
        if self.flow is not None:
            name, subject = self.flow.application.name, self.flow.subject
        return refuse(self.request, Way.OIDC, refusal, provider=name, subject=subject)


def _problem(application: OIDCApplication | None, query: Any) -> Refused | None:
    """Return why an answer is not followed up: the mix-up defence (RFC 9207) and errors."""
    if application is not None:
        named = query.getlist("iss") or ([] if application.requires_iss else [application.issuer])
        if named != [application.issuer]:
            return Refused(Reason.INVALID, "The answer names another issuer (iss), or none.")
    if query.get("error"):
        return Refused(Reason.PROVIDER, f"The issuer answered {query['error']}.")
    if not query.get("code"):
        return Refused(Reason.INVALID, "The answer has no code.")
    return None


def sign_out_url(request: Any) -> str | None:
    """Return where to send a person to sign out at the issuer as well (RP-Initiated Logout)."""
    pk, id_token = request.session.get(KEY) or (0, "")
    application = OIDCApplication.objects.filter(pk=pk).first()
    if application is None or not application.end_session_endpoint:
        return None
    query = {
        "id_token_hint": id_token,
        "client_id": application.client_id,
        "post_logout_redirect_uri": site(request) + reverse("login"),
    }
    parts = urlsplit(application.end_session_endpoint)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query.items()])))
