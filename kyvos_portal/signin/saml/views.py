"""SAML's pages: to the provider, back from it, and out again."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from djangosaml2.cache import IdentityCache, OutstandingQueriesCache, StateCache
from djangosaml2.overrides import Saml2Client
from djangosaml2.utils import get_location
from djangosaml2.views import (
    AssertionConsumerServiceView,
    MetadataView,
    _get_subject_id,
    _set_subject_id,
)
from saml2 import BINDING_HTTP_REDIRECT
from saml2.xmldsig import SIG_RSA_SHA256

from kyvos_portal.signin.backends import PortalBackend
from kyvos_portal.signin.binding import resolve
from kyvos_portal.signin.events import Refused, refuse
from kyvos_portal.signin.models import SamlProvider
from kyvos_portal.signin.paths import own_path
from kyvos_portal.signin.rule import Reason, Way
from kyvos_portal.signin.sessions import KEY, SignIn
from scim_provisioning.auth import throttle
from scim_provisioning.http.limits import client_address
from scim_provisioning.protocol.errors import TooManyRequests

from . import messages
from .config import config
from .program import xmlsec1

REALM = "saml"
MOST_OUTSTANDING = 10
BACKEND = f"{PortalBackend.__module__}.{PortalBackend.__qualname__}"
"""What loads the account of a session, whatever way it began."""


class SamlView(View):
    """A page that is there only where signatures can be checked."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer, or be missing."""
        if xmlsec1() is None:
            raise Http404("xmlsec1 is not installed.")
        return super().dispatch(request, *args, **kwargs)


@method_decorator(never_cache, name="dispatch")
class SamlLogin(SamlView):
    """Sends a person to one provider, and remembers which and why."""

    def get(self, request: Any, slug: str) -> HttpResponse:
        """Redirect with a signed request."""
        provider = get_object_or_404(SamlProvider, slug=slug, enabled=True)
        client = Saml2Client(config(request, provider))
        request_id, info = client.prepare_for_authenticate(
            entityid=provider.entity_id,
            binding=BINDING_HTTP_REDIRECT,
            relay_state="",
            sign=True,
            sigalg=SIG_RSA_SHA256,
        )
        outstanding = OutstandingQueriesCache(request.saml_session)
        for oldest in list(outstanding.outstanding_queries())[: 1 - MOST_OUTSTANDING]:
            outstanding.delete(oldest)
        outstanding.set(request_id, {"provider": provider.pk, "next": own_path(request)})
        return HttpResponseRedirect(get_location(info))


class SamlAcs(SamlView, AssertionConsumerServiceView):  # type: ignore[misc]
    """Takes a provider's response; djangosaml2 and pysaml2 check it, the rule decides."""

    provider: Any = None
    response: Any = None
    refusal: Refused | None = None
    subject = ""

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign in, or show the page that is the same for everybody."""
        try:
            throttle.check(client_address(request), None, realm=REALM)
            if int(request.META.get("CONTENT_LENGTH") or 0) > messages.MOST_BYTES:
                raise messages.invalid("The response is larger than 256 KiB.")
            self.provider = self._asked(request)
        except TooManyRequests:
            return refuse(request, Way.SAML, Refused(Reason.THROTTLED))
        except Refused as refusal:
            return self.handle_acs_failure(request, refusal)
        response: HttpResponse = super().post(request, attribute_mapping={"": ()})
        return response

    @staticmethod
    def _asked(request: Any) -> SamlProvider:
        """Return the provider that was asked what this answers; raise Refused."""
        request_id = messages.request_id(request.POST.get("SAMLResponse", ""))
        asked = OutstandingQueriesCache(request.saml_session).outstanding_queries()
        if request_id not in asked:
            raise messages.invalid("Nobody asked for this response, or it was used before.")
        provider = SamlProvider.objects.filter(pk=asked[request_id]["provider"], enabled=True)
        if (found := provider.first()) is None:
            raise messages.invalid("The provider was switched off meanwhile.")
        return found

    def get_sp_config(self, request: HttpRequest) -> Any:
        """Know the keys of the provider that was asked, and nobody else's."""
        return config(request, self.provider)

    def custom_validation(self, response: Any) -> None:
        """Check what pysaml2 leaves open."""
        try:
            messages.check(response, self.provider)
        except Refused as refusal:
            # What goes through djangosaml2 comes out as something else.
            self.refusal = refusal
            raise
        self.response = response

    def authenticate_user(self, request: Any, session_info: Any, *args: Any) -> Any:
        """Sign the account in that the response stands for; raise Refused."""
        said = messages.said(self.response, self.provider)
        self.subject = said.subject
        user, identity = resolve(self.provider, said)
        user.sign_in = SignIn(Way.SAML, self.provider.name, identity)
        login(request, user, backend=BACKEND)
        _set_subject_id(request.saml_session, session_info["name_id"])
        request.saml_session[KEY] = [self.provider.pk, request.session.session_key]
        return user

    def custom_redirect(self, user: Any, relay_state: str, session_info: Any) -> str:
        """Go where the person wanted to before leaving; what the provider says counts not."""
        return str(self.response.came_from["next"])

    def handle_acs_failure(
        self, request: Any, exception: Any = None, status: int = 403, **kwargs: Any
    ) -> HttpResponse:
        """Refuse; only the record tells why."""
        messages.let_go(exception)
        refusal = exception if isinstance(exception, Refused) else self.refusal
        refusal = refusal or messages.invalid(type(exception).__name__)
        if refusal.reason is Reason.INVALID:
            throttle.fail(client_address(request), None, realm=REALM)
        else:
            # pysaml2 has put the person's attributes there.
            request.saml_session.flush()
        name = self.provider.name if self.provider else ""
        return refuse(request, Way.SAML, refusal, provider=name, subject=self.subject)


class SamlMetadata(SamlView, MetadataView):  # type: ignore[misc]
    """This site's own metadata."""

    def get_sp_config(self, request: HttpRequest) -> Any:
        """Describe this site."""
        return config(request)


class SamlLogout(SamlView):
    """Takes a provider's word that a person signed out there, or its answer that we did."""

    def get(self, request: Any) -> HttpResponse:
        """End the session, where the provider that it came from signed the request."""
        if "SAMLRequest" not in request.GET:
            return redirect("login")
        address = client_address(request)
        try:
            throttle.check(address, None, realm=REALM)
            location = self._ended(request)
        except TooManyRequests:
            return refuse(request, Way.SAML, Refused(Reason.THROTTLED))
        except Refused as refusal:
            throttle.fail(address, None, realm=REALM)
            return refuse(request, Way.SAML, refusal)
        return HttpResponseRedirect(location)

    @staticmethod
    def _ended(request: Any) -> str:
        pk, session_key = request.saml_session.get(KEY) or (0, None)
        provider = SamlProvider.objects.filter(pk=pk).first()
        if provider is None:
            raise messages.invalid("Nobody is signed in by SAML here.")
        if request.GET.get("SigAlg") not in messages.SIGNATURES:
            raise messages.invalid(messages.WEAK)
        client = _client(request, provider)
        subject = _get_subject_id(request.saml_session)
        data = request.GET
        try:
            info = client.handle_logout_request(
                data["SAMLRequest"],
                subject,
                BINDING_HTTP_REDIRECT,
                relay_state=data.get("RelayState"),
                sigalg=data.get("SigAlg"),
                signature=data.get("Signature"),
            )
        except Exception as error:
            # pysaml2 raises whatever its parsers raise.
            messages.let_go(error)
            raise messages.invalid(type(error).__name__) from None
        request.session.__class__(session_key).delete()
        logout(request)
        request.saml_session.flush()
        return str(get_location(info))


def _client(request: Any, provider: SamlProvider) -> Any:
    return Saml2Client(
        config(request, provider),
        identity_cache=IdentityCache(request.saml_session),
        state_cache=StateCache(request.saml_session),
    )


def sign_out_url(request: Any) -> str | None:
    """Return where to send a person who signed in by SAML to sign out there as well."""
    pk, _ = request.saml_session.get(KEY) or (0, None)
    provider = SamlProvider.objects.filter(pk=pk, enabled=True).first()
    if provider is None or xmlsec1() is None:
        return None
    client = _client(request, provider)
    try:
        answers = client.global_logout(_get_subject_id(request.saml_session))
        binding, info = answers[provider.entity_id]
    except Exception:
        # The provider offers no single logout: the session here has ended all the same.
        return None
    finally:
        request.saml_session.flush()
    return str(get_location(info)) if binding == BINDING_HTTP_REDIRECT else None
