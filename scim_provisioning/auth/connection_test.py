"""*Test connection*: whether an issuer answers as its application needs it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from scim_provisioning import outbound
from scim_provisioning.encryption import KeyMissing
from scim_provisioning.models import OIDCApplication
from scim_provisioning.models.oidc import Preset
from scim_provisioning.outbound import OutboundError

from .client_credentials import Step, explain
from .compact import Refused, shown
from .discovery import ENDPOINTS, discover
from .jwks import usable_keys


def check(row: OIDCApplication) -> list[Step]:
    """Ask the issuer for its document and its keys, and look at who acts."""
    return [
        _step(_("Discovery"), lambda: _discovery(row)),
        _step(_("Keys"), lambda: _keys(row)),
        *([_step(_("Mapped user"), lambda: _user(row))] if row.takes_tokens else []),
    ]


def fetch(row: OIDCApplication, scope: str, resource: str) -> list[Step]:
    """Fetch a token as the client would, and ask it every question; it is kept nowhere."""
    found: list[str] = []
    step = _step(_("Token"), lambda: found.append(_token(row, scope, resource)))
    return [step, *(explain(found[0]) if found else [])]


def default_scope(row: OIDCApplication) -> str:
    """Return the scope that the issuer wants to be asked for."""
    if row.preset in (Preset.ENTRA_V1, Preset.ENTRA_V2):
        return f"{row.audiences[0]}/.default" if row.audiences else ""
    return row.required_scopes


def _step(title: str, ask: Callable[[], Any]) -> Step:
    try:
        ask()
    except Refused as refusal:
        return Step(title, False, refusal.reason, refusal.fix)
    return Step(title, True)


def _discovery(row: OIDCApplication) -> None:
    try:
        found = discover(row.issuer)
    except OutboundError as problem:
        raise Refused(str(problem), _("Without it the endpoints that you enter count.")) from None
    if moved := list(_moved(row, found)):
        raise Refused(
            _("The issuer names other endpoints now: %(names)s.") % {"names": ", ".join(moved)},
            _("Empty those fields and save: they are filled in anew."),
        )


def _moved(row: OIDCApplication, found: dict[str, Any]) -> Iterator[str]:
    for name in ENDPOINTS:
        if name in found and getattr(row, name) not in ("", found[name]):
            yield name
    if found["requires_iss"] and not row.requires_iss:
        yield "requires_iss"


def _keys(row: OIDCApplication) -> None:
    if not row.jwks_uri:
        raise Refused(_("The application has no keys."), _("Enter its jwks_uri."))
    try:
        keys = usable_keys(outbound.get(row.jwks_uri).json())
    except OutboundError as problem:
        raise Refused(str(problem), _("Compare jwks_uri with the issuer's documents.")) from None
    named = {key["alg"] for key in keys.values() if isinstance(key.get("alg"), str)}
    if not keys:
        raise Refused(_("There are no signing keys."))
    if named and not named & set(row.algorithms):
        raise Refused(
            _("The keys are for %(names)s.") % {"names": shown(sorted(named))},
            _("Add one of these to the application's signing algorithms."),
        )


def _user(row: OIDCApplication) -> None:
    user: Any = row.mapped_user
    if not user.is_active:
        raise Refused(_("The account %(name)s is disabled.") % {"name": user.get_username()})
    if not hasattr(user, "scim_connection"):
        raise Refused(
            _("No connection acts as %(name)s.") % {"name": user.get_username()},
            _("Choose the acting user of a connection as the mapped user."),
        )


def _token(row: OIDCApplication, scope: str, resource: str) -> str:
    if not row.token_endpoint or not row.client_id or not row.encrypted_client_secret:
        raise Refused(
            _("To fetch a token takes a token endpoint, a client id and a client secret."),
            _("Enter them. Okta and Entra need none of this: they fetch their tokens themselves."),
        )
    form = {"grant_type": "client_credentials", "scope": scope, "resource": resource}
    try:
        pair = (row.client_id, row.client_secret)
        reply = outbound.post(row.token_endpoint, {k: v for k, v in form.items() if v}, pair)
        answer = reply.json()
    except (OutboundError, KeyMissing) as problem:
        raise Refused(str(problem)) from None
    token = answer.get("access_token")
    if reply.status != 200 or not isinstance(token, str):
        told = [answer[name] for name in ("error", "error_description") if name in answer]
        raise Refused(
            _("It answered %(status)s: %(told)s")
            % {"status": reply.status, "told": " ".join(map(shown, told))},
            _("Compare client id, secret, scope and grant with the issuer's settings."),
        )
    return token
