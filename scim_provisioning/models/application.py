"""OIDC applications: what an external issuer's tokens, and its sign-in, are trusted for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from scim_provisioning.encryption import EncryptedField, secret
from scim_provisioning.outbound import ForbiddenUrl, check_url

from .connection import Connection

ASYMMETRIC = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
"""Every signing algorithm that an application may name: none with a shared secret."""
URLS = (
    "issuer",
    "jwks_uri",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "end_session_endpoint",
    "introspection_endpoint",
)
SHARED_TENANTS = frozenset({"common", "organizations", "consumers"})
SHARED_AUDIENCE = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"
"""Entra's audience for trials, which any tenant can get a token for."""


class Kind(models.TextChoices):
    """Whether the application can keep a secret (RFC 6749 section 2.1)."""

    CONFIDENTIAL = "confidential", _("Confidential")
    PUBLIC = "public", _("Public")


class Preset(models.TextChoices):
    """Whose tokens these are, which tells where they name the client."""

    ENTRA_V2 = "entra-v2", _("Microsoft Entra ID, v2 tokens")
    ENTRA_V1 = "entra-v1", _("Microsoft Entra ID, v1 tokens")
    OKTA = "okta", _("Okta custom authorization server")
    GENERIC = "generic", _("Another issuer (RFC 9068)")

    @property
    def token_claim(self) -> str:
        """The claim that names the client in this issuer's tokens."""
        claims = {Preset.ENTRA_V2: "azp", Preset.ENTRA_V1: "appid", Preset.OKTA: "cid"}
        return claims.get(self, "client_id")


class TokenClaim(models.TextChoices):
    """The claim that is compared with the token identifier: exactly one per application."""

    AZP = "azp", "azp"
    APPID = "appid", "appid"
    CID = "cid", "cid"
    CLIENT_ID = "client_id", "client_id"
    SUB = "sub", "sub"
    OID = "oid", "oid"


class Rights(models.TextChoices):
    """What a token may do, at most."""

    BOTH = "scim", _("Read and write")
    READ = "scim.read", _("Read")


class MatchAttribute(models.TextChoices):
    """What a person's claim is compared with at the first sign-in."""

    USER_NAME = "userName", "userName"
    EXTERNAL_ID = "externalId", "externalId"


def default_algorithms() -> list[str]:
    """Return what every issuer supports."""
    return ["RS256"]


class OIDCApplication(models.Model):
    """One client at an external issuer: its tokens act as the mapped user, people sign in by it."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(
        _("slug"),
        max_length=100,
        unique=True,
        blank=True,
        help_text=_("Part of the sign-in URL; made from the name where it is left empty."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    kind = models.CharField(
        _("kind"), max_length=20, choices=Kind.choices, default=Kind.CONFIDENTIAL
    )
    preset = models.CharField(
        _("provider"), max_length=20, choices=Preset.choices, default=Preset.GENERIC
    )
    issuer = models.CharField(
        _("issuer"),
        max_length=500,
        help_text=_("Exactly as it stands in the tokens: a slash at the end counts."),
    )
    jwks_uri = models.CharField(_("keys (jwks_uri)"), max_length=500, blank=True)
    authorization_endpoint = models.CharField(
        _("authorization endpoint"), max_length=500, blank=True
    )
    token_endpoint = models.CharField(_("token endpoint"), max_length=500, blank=True)
    userinfo_endpoint = models.CharField(_("userinfo endpoint"), max_length=500, blank=True)
    end_session_endpoint = models.CharField(_("end session endpoint"), max_length=500, blank=True)
    introspection_endpoint = models.CharField(
        _("introspection endpoint"), max_length=500, blank=True
    )
    requires_iss = models.BooleanField(
        _("answers name the issuer (iss)"),
        default=False,
        help_text=_(
            "RFC 9207: an answer to a sign-in without it is refused. Filled in with the"
            " endpoints, where the issuer promises it."
        ),
    )
    client_id = models.CharField(_("client id"), max_length=255, blank=True)
    encrypted_client_secret = EncryptedField(blank=True)
    client_secret = secret("encrypted_client_secret")
    algorithms = models.JSONField(_("signing algorithms"), default=default_algorithms)

    audiences = models.JSONField(
        _("audiences"),
        default=list,
        blank=True,
        help_text=_("A token has to name one of them."),
    )
    token_claim = models.CharField(
        _("token identifier claim"), max_length=20, choices=TokenClaim.choices, blank=True
    )
    token_identifier = models.CharField(
        _("client credentials token identifier"),
        max_length=255,
        blank=True,
        help_text=_("The value of that claim in the client's tokens: usually its client id."),
    )
    mapped_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("mapped user name"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="oidc_applications",
        help_text=_("The account that requests with these tokens act as: a connection's."),
    )
    required_scopes = models.CharField(
        _("required scopes or roles"),
        max_length=500,
        blank=True,
        help_text=_("Separated by spaces; a token has to carry one. Empty: none is asked for."),
    )
    rights = models.CharField(
        _("rights"), max_length=20, choices=Rights.choices, default=Rights.BOTH
    )
    require_at_jwt = models.BooleanField(
        _("require at+jwt"), default=False, help_text=_("Only tokens typed by RFC 9068.")
    )
    leeway = models.PositiveSmallIntegerField(
        _("leeway in seconds"), default=60, validators=[MaxValueValidator(300)]
    )
    max_token_age = models.PositiveIntegerField(
        _("maximum token age in seconds"),
        default=24 * 3600,
        validators=[MinValueValidator(60), MaxValueValidator(30 * 24 * 3600)],
    )
    introspection = models.BooleanField(
        _("introspection"),
        default=False,
        help_text=_("Ask the issuer about tokens that are no JWT (RFC 7662)."),
    )

    sign_in = models.BooleanField(_("people sign in with it"), default=False)
    sign_in_scopes = models.CharField(
        _("scopes for sign-in"), max_length=500, default="openid profile email"
    )
    sign_in_connections = models.ManyToManyField(
        Connection,
        verbose_name=_("signs in the users of"),
        blank=True,
        related_name="oidc_applications",
    )
    create_unknown_users = models.BooleanField(
        _("create unknown users"),
        default=False,
        help_text=_("A person whom nobody provisioned gets an account at the first sign-in."),
    )
    match_claim = models.CharField(
        _("matching claim"),
        max_length=100,
        default="preferred_username",
        help_text=_("Compared once, at the first sign-in."),
    )
    match_attribute = models.CharField(
        _("matched with"),
        max_length=20,
        choices=MatchAttribute.choices,
        default=MatchAttribute.USER_NAME,
    )

    created = models.DateTimeField(_("created"), auto_now_add=True)
    last_used = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_address = models.GenericIPAddressField(
        _("last address"), null=True, blank=True, editable=False
    )

    skewed = models.DateTimeField(
        _("token from the future refused"), null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("OIDC application")
        verbose_name_plural = _("OIDC applications")
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "token_claim", "token_identifier"],
                condition=~models.Q(token_identifier=""),
                name="oidc_application_client",
                violation_error_message=_(
                    "Another application has this issuer, claim and token identifier."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError for what could not be safe, or could never work."""
        self.slug = self.slug or slugify(self.name) or "application"
        if self.token_identifier and not self.token_claim:
            self.token_claim = Preset(self.preset).token_claim
        errors: dict[str, Any] = {}
        for check in (_issuer, _urls, _algorithms, _audiences, _identifier, _user, _client):
            errors |= check(self)
        if errors:
            raise ValidationError(errors)

    @property
    def takes_tokens(self) -> bool:
        """Whether tokens of its client can open the API."""
        return bool(self.token_identifier)


Problems = dict[str, Any]


def check_issuer(issuer: str) -> Problems:
    """Return what is wrong with an issuer, apart from where it leads."""
    parts = urlsplit(issuer)
    segments = {segment.lower() for segment in parts.path.split("/")}
    if "{" in issuer or segments & SHARED_TENANTS:
        return {"issuer": _("Name one tenant: an issuer shared by all would let anybody in.")}
    if parts.query or parts.fragment:
        return {"issuer": _("An issuer has no query and no fragment.")}
    return {}


def check_urls(row: models.Model, names: Iterable[str]) -> Problems:
    """Return which of a row's URLs this site does not follow."""
    errors: Problems = {}
    for name in names:
        if url := getattr(row, name):
            try:
                check_url(url)
            except ForbiddenUrl as problem:
                errors[name] = str(problem)
    return errors


def _issuer(row: OIDCApplication) -> Problems:
    return check_issuer(row.issuer)


def _urls(row: OIDCApplication) -> Problems:
    # What is off follows nothing, and can be switched off whatever its URLs became.
    return check_urls(row, URLS if row.enabled else ())


def _algorithms(row: OIDCApplication) -> Problems:
    names = row.algorithms
    if not isinstance(names, list) or not names or any(name not in ASYMMETRIC for name in names):
        return {"algorithms": _("Choose among %s.") % ", ".join(ASYMMETRIC)}
    return {}


def _audiences(row: OIDCApplication) -> Problems:
    names = row.audiences
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        return {"audiences": _("Audiences are a list of texts.")}
    if SHARED_AUDIENCE in names:
        return {"audiences": _("Any tenant can get a token for this audience: name your own.")}
    if row.takes_tokens and not names:
        return {"audiences": _("Name the audience of the tokens, at least one.")}
    return {}


def _identifier(row: OIDCApplication) -> Problems:
    if row.takes_tokens != (row.mapped_user_id is not None):
        together = _("The token identifier and the mapped user name go together.")
        return {"token_identifier": together, "mapped_user": together}
    if row.takes_tokens and row.kind == Kind.PUBLIC:
        return {"kind": _("A public application has no client credentials.")}
    if row.token_identifier != row.token_identifier.strip() or re.search(
        r"[\x00-\x1f\x7f]", row.token_identifier
    ):
        return {"token_identifier": _("No spaces around it, and no control characters.")}
    return {}


def _user(row: OIDCApplication) -> Problems:
    user: Any = row.mapped_user
    if user is not None and not user.is_active:
        return {"mapped_user": _("This account is disabled: nothing could act as it.")}
    if user is not None and getattr(user, "is_superuser", False):
        return {"mapped_user": _("A superuser is more than a client needs.")}
    return {}


def _client(row: OIDCApplication) -> Problems:
    if row.takes_tokens and not (row.jwks_uri or row.introspection_endpoint):
        return {"jwks_uri": _("Without the issuer's keys no token can be checked.")}
    if (row.sign_in or row.introspection) and not row.client_id:
        return {"client_id": _("Signing in and introspection need the client id.")}
    if row.introspection and not row.introspection_endpoint:
        return {"introspection_endpoint": _("Introspection needs an endpoint.")}
    if row.introspection and not row.encrypted_client_secret:
        return {"introspection": _("Introspection needs the client secret.")}
    if row.kind == Kind.PUBLIC and row.encrypted_client_secret:
        return {"kind": _("A public application has no secret.")}
    return {}
