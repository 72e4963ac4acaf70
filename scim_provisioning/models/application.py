"""OIDC applications: what an external issuer's tokens, and its sign-in, are trusted for."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from scim_provisioning.encryption import EncryptedField, secret

from .connection import Connection
from .oidc import Kind, MatchAttribute, Preset, Rights, TokenClaim
from .trust import problems_of


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
        if problems := problems_of(self):
            raise ValidationError(problems)

    @property
    def takes_tokens(self) -> bool:
        """Whether tokens of its client can open the API."""
        return bool(self.token_identifier)
