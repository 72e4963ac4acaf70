"""mozilla-django-oidc's backend with the application's settings, our checks and the rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from kyvos_portal.signin.backends import Accounts
from kyvos_portal.signin.binding import Assertion, Person, resolve
from kyvos_portal.signin.events import Refused
from kyvos_portal.signin.rule import Reason, Way
from kyvos_portal.signin.sessions import SignIn
from scim_provisioning import outbound
from scim_provisioning.auth.compact import Refused as BadToken
from scim_provisioning.models.oidc import Kind
from scim_provisioning.outbound import OutboundError
from scim_provisioning.protocol.errors import Unavailable

from .flow import Flow, flow_of
from .id_tokens import claims_of

LONGEST_SUBJECT = 255
VERIFIED = (True, "true")
"""Some issuers send every claim as a text."""


class OIDCBackend(Accounts, OIDCAuthenticationBackend):  # type: ignore[misc]
    """Signs in whom the application's issuer names, where the rule lets them in."""

    flow: Flow

    def __init__(self) -> None:
        # The stock one reads one application's settings here, before it knows the request.
        self.UserModel = get_user_model()

    def authenticate(self, request: HttpRequest | None, **kwargs: Any) -> Any:
        """Return the user of a code that came back; None for requests of other kinds.

        Raises Refused, which keeps other backends from being asked.
        """
        flow = flow_of(request)
        if flow is None:
            return None
        self.flow = flow
        self.OIDC_RP_CLIENT_ID = flow.application.client_id
        self.OIDC_RP_CLIENT_SECRET = ""
        try:
            return super().authenticate(request, **kwargs)
        except Refused as refusal:
            flow.refusal = refusal
        except BadToken as problem:
            flow.refusal = Refused(Reason.INVALID, f"ID token: {problem.reason}")
        except (OutboundError, Unavailable) as problem:
            flow.refusal = Refused(Reason.PROVIDER, str(problem))
        raise flow.refusal

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        """Exchange the code (RFC 6749 section 4.1.3); raise OutboundError, Refused."""
        application = self.flow.application
        form = {name: value for name, value in payload.items() if name != "client_secret"}
        basic = None
        if application.kind == Kind.CONFIDENTIAL:
            basic = (form.pop("client_id"), application.client_secret)
        reply = outbound.post(application.token_endpoint, form, basic)
        if reply.status != 200:
            raise Refused(Reason.PROVIDER, f"The token endpoint answered {reply.status}.")
        tokens = reply.json()
        for name in ("id_token", "access_token"):
            if not isinstance(tokens.get(name), str):
                raise Refused(Reason.INVALID, f"The token endpoint sent no {name}.")
        self.access_token = tokens["access_token"]
        return tokens

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """Return the claims of the ID token; raise for one that does not count."""
        return claims_of(
            token,
            self.flow.application,
            nonce=kwargs["nonce"] or "",
            access_token=self.access_token,
        )

    def store_tokens(self, access_token: str, id_token: str) -> None:
        """Keep the ID token for signing out; nothing else needs either."""
        self.flow.id_token = id_token

    def get_userinfo(self, access_token: str, id_token: str, payload: Any) -> dict[str, Any]:
        """Return what userinfo says, of the person that the ID token names."""
        endpoint = self.flow.application.userinfo_endpoint
        if not endpoint:
            return {}
        found = outbound.get(endpoint, bearer=access_token).json()
        if found.get("sub") != payload["sub"]:
            raise Refused(Reason.INVALID, "Userinfo is of another person.")
        return found

    def get_or_create_user(self, access_token: str, id_token: str, payload: Any) -> Any:
        """Return the account that the claims stand for; raise Refused."""
        flow, subject = self.flow, payload.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise Refused(Reason.INVALID, "The ID token has no usable sub.")
        flow.subject = subject
        claims = {**self.get_userinfo(access_token, id_token, payload), **payload}
        user, identity = resolve(flow.application, _said(flow, subject, claims))
        user.sign_in = SignIn(Way.OIDC, flow.application.name, identity)
        return user


def _said(flow: Flow, subject: str, claims: Mapping[str, Any]) -> Assertion:
    name = flow.application.match_claim
    is_verified = claims.get("email_verified") in VERIFIED
    return Assertion(
        way=Way.OIDC,
        issuer=flow.application.issuer,
        subject=subject,
        claim=_text(claims, name),
        claim_problem=Reason.UNVERIFIED if name == "email" and not is_verified else None,
        person=Person(
            email=_text(claims, "email") if is_verified else "",
            first_name=_text(claims, "given_name"),
            last_name=_text(claims, "family_name"),
        ),
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
