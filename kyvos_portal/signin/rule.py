"""Who may sign in by which way: one function, and the table behind it.

How an account was provisioned decides which ways are open to it. An identity provider
signs in only the accounts of the connections that it names; local accounts and staff need
a link that an administrator made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from scim_provisioning.models import SignInClass


class Way(models.TextChoices):
    """How a person proves who they are to the portal's pages."""

    PASSWORD = "password", _("Password")
    OIDC = "oidc", _("OpenID Connect")
    SAML = "saml", _("SAML")


class Origin(models.TextChoices):
    """How an identity came to stand for an account."""

    MATCH = "match", _("Matched at the first sign-in")
    LINK = "link", _("Linked by an administrator")
    CREATED = "created", _("The account was created at the first sign-in")


class Reason(models.TextChoices):
    """Why a sign-in was refused: for administrators, never for the one who tried."""

    CREDENTIALS = "credentials", _("Wrong user name or password")
    THROTTLED = "throttled", _("Too many attempts")
    INACTIVE = "inactive", _("The account is disabled or deleted")
    SERVICE = "service", _("The account acts for a connection and has no pages")
    CLASS = "class", _("Accounts provisioned that way do not sign in by this way")
    PASSWORDS_OFF = "passwords_off", _("Passwords are off for everyone but the named administrator")
    UNLINKED = "unlinked", _("Local accounts and staff need a link made by an administrator")
    FOREIGN = "foreign", _("The identity provider does not sign in accounts of that connection")
    UNKNOWN = "unknown", _("No account matches what the identity provider says")
    CONFLICT = "conflict", _("The account is bound to another identity of that provider")
    AMBIGUOUS = "ambiguous", _("Several accounts match what the identity provider says")
    CLAIM = "claim", _("The identity provider did not say what accounts are matched by")
    UNVERIFIED = "unverified", _("The identity provider has not verified the e-mail address")
    TRANSIENT = "transient", _("The identity provider sends another name at each sign-in")
    INVALID = "invalid", _("The identity provider's message is not valid")
    PROVIDER = "provider", _("The identity provider refused, or could not be reached")


WAYS: Mapping[str | None, frozenset[Way]] = {
    SignInClass.BASIC: frozenset({Way.SAML, Way.OIDC}),
    SignInClass.OAUTH: frozenset({Way.OIDC}),
    None: frozenset({Way.PASSWORD, Way.SAML, Way.OIDC}),
}
"""The ways open to accounts, by how they were provisioned; None is nobody: local ones."""


def judge(
    user: Any, way: Way, *, origin: Origin | None = None, is_named: bool = False
) -> Reason | None:
    """Return why this account may not sign in by this way; None where it may.

    ``origin`` is how the identity came to stand for the account, ``is_named`` whether its
    identity provider names the connection that owns the account.
    """
    row = getattr(user, "scim", None)
    if not user.is_active or (row is not None and row.deleted is not None):
        return Reason.INACTIVE
    if getattr(user, "scim_connection", None) is not None:
        return Reason.SERVICE
    sign_in_class = row.sign_in_class if row is not None else None
    if way not in WAYS[sign_in_class]:
        return Reason.CLASS
    if way is Way.PASSWORD:
        return None if settings.PASSWORD_SIGN_IN or _is_emergency(user) else Reason.PASSWORDS_OFF
    if origin is Origin.LINK:
        return None
    if (
        user.is_staff
        or user.is_superuser
        or (sign_in_class is None and origin is not Origin.CREATED)
    ):
        return Reason.UNLINKED
    return None if is_named or origin is Origin.CREATED else Reason.FOREIGN


def _is_emergency(user: Any) -> bool:
    return bool(user.get_username() == settings.EMERGENCY_ADMINISTRATOR)
