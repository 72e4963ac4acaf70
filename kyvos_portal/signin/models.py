"""What signing in leaves behind: identities, and who came in, or did not."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from scim_provisioning.models import Connection

from .rule import Origin, Reason, Way


class Identity(models.Model):
    """One person at one identity provider, standing for one account.

    ``subject`` is the ``sub`` of OpenID Connect or SAML's NameID; null in a link that an
    administrator made and that the next matching sign-in completes.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="identities",
    )
    way = models.CharField(_("way"), max_length=10, choices=Way.choices)
    issuer = models.CharField(
        _("identity provider"), max_length=500, help_text=_("Its issuer, or its SAML entity id.")
    )
    subject = models.CharField(
        _("identity"),
        max_length=500,
        null=True,
        blank=True,
        help_text=_("What the provider calls the person; empty: the next sign-in that matches."),
    )
    origin = models.CharField(
        _("origin"), max_length=10, choices=Origin.choices, default=Origin.LINK, editable=False
    )
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    last_used = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        ordering = ("issuer", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["way", "issuer", "subject"], name="portal_identity_subject"
            ),
            models.UniqueConstraint(fields=["user", "way", "issuer"], name="portal_identity_user"),
        ]

    def __str__(self) -> str:
        return f"{self.issuer}: {self.subject or '…'}"


class SignInEvent(models.Model):
    """One attempt to sign in, with the true reason where it was refused."""

    time = models.DateTimeField(_("time"), default=timezone.now)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        on_delete=models.CASCADE,
        related_name="sign_ins",
    )
    way = models.CharField(_("way"), max_length=10, choices=Way.choices)
    provider = models.CharField(_("identity provider"), max_length=200, blank=True)
    subject = models.CharField(_("identity"), max_length=500, blank=True)
    reason = models.CharField(
        _("refused because"), max_length=20, choices=Reason.choices, blank=True
    )
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    request_id = models.UUIDField(_("request id"), null=True)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ("-time", "-id")
        indexes = [
            models.Index(fields=["-time", "-id"], name="portal_signin_time"),
            models.Index(fields=["user", "-time"], name="portal_signin_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()} {self.time:%Y-%m-%d %H:%M}"


class SamlProvider(models.Model):
    """One SAML identity provider, and whose accounts it may sign in."""

    name = models.CharField(
        _("name"), max_length=100, unique=True, help_text=_("Shown on the sign-in page.")
    )
    slug = models.SlugField(_("short name"), unique=True, help_text=_("Part of its sign-in URL."))
    enabled = models.BooleanField(_("enabled"), default=True)
    metadata_url = models.URLField(_("metadata URL"), blank=True, max_length=500)
    metadata = models.TextField(_("metadata"), blank=True)
    entity_id = models.CharField(_("entity id"), max_length=500, unique=True, editable=False)
    certificate_expires = models.DateTimeField(_("certificate expires"), null=True, editable=False)
    sign_in_connections = models.ManyToManyField(
        Connection,
        verbose_name=_("signs in the users of"),
        blank=True,
        related_name="saml_providers",
        help_text=_("Other accounts need a link, made on the user's page."),
    )
    match_claim = models.CharField(
        _("matching attribute"),
        max_length=200,
        default="NameID",
        help_text=_("NameID, or an attribute's name. Compared once, at the first sign-in."),
    )
    match_attribute = models.CharField(
        _("matched with"),
        max_length=20,
        choices=[("userName", "userName"), ("externalId", "externalId")],
        default="userName",
    )
    create_unknown_users = models.BooleanField(
        _("create unknown users"),
        default=False,
        help_text=_("A person whom nobody provisioned gets an account at the first sign-in."),
    )

    class Meta:
        verbose_name = _("SAML identity provider")
        verbose_name_plural = _("SAML identity providers")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
