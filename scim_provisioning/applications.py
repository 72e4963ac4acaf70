"""OIDC applications made and changed: what the command and the admin share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .auth.discovery import ENDPOINTS, discover
from .encryption import KeyMissing
from .models import OIDCApplication
from .outbound import OutboundError

RECEIVERS = ("token_endpoint", "introspection_endpoint")
"""The endpoints that a client secret is sent to."""


NONE_FOUND: Mapping[str, Any] = {**dict.fromkeys(ENDPOINTS, ""), "requires_iss": False}
"""What an application knows of an issuer that was not asked yet."""


def fill_endpoints(issuer: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every fact of NONE_FOUND: as given, else as the issuer's discovery document has it.

    Where the keys are given nobody is asked. Raises ValidationError.
    """
    kept = {name: given.get(name) or none for name, none in NONE_FOUND.items()}
    if not issuer or kept["jwks_uri"]:
        return kept
    try:
        return kept | {name: fact for name, fact in discover(issuer).items() if not kept[name]}
    except OutboundError as problem:
        text = _("The issuer's endpoints were not found: %(problem)s Or enter them yourself.")
        raise ValidationError({"issuer": text % {"problem": problem}}) from None


def leads_elsewhere(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether changed endpoints would send a stored secret to a host that had none before."""
    known = {_origin(before.get(name)) for name in RECEIVERS}
    return any(_origin(after[name]) not in known for name in RECEIVERS if after.get(name))


def _origin(url: str | None) -> tuple[str, str]:
    parts = urlsplit(url or "")
    return parts.scheme, parts.netloc


def set_secret(row: OIDCApplication, clear: str) -> None:
    """Keep a client secret, encrypted; raise ValidationError where no key is configured."""
    try:
        row.client_secret = clear
    except KeyMissing as problem:
        raise ValidationError({"client_secret": str(problem)}) from None


def save(row: OIDCApplication) -> None:
    """Fill in what the issuer tells, check every rule, and save; raise ValidationError."""
    if row.enabled:
        found = fill_endpoints(row.issuer, {name: getattr(row, name) for name in NONE_FOUND})
        for name, fact in found.items():
            setattr(row, name, fact)
    row.full_clean()
    row.save()


def put(
    name: str, changes: Mapping[str, Any], secret: str | None = None
) -> tuple[OIDCApplication, bool]:
    """Make an application, or change the one of that name; tell whether it is new.

    What is not named stays as it is, but for what hangs on it: another issuer has other
    endpoints, another provider another token identifier claim. Raises ValidationError.
    """
    found = OIDCApplication.objects.filter(name=name).first()
    row = found or OIDCApplication(name=name)
    if changes.get("issuer", row.issuer) != row.issuer:
        for field, none in NONE_FOUND.items():
            setattr(row, field, none)
    if changes.get("preset", row.preset) != row.preset:
        row.token_claim = ""
    for field, value in changes.items():
        setattr(row, field, value)
    if secret is not None:
        set_secret(row, secret)
    save(row)
    return row, found is None
