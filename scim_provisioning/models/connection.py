"""Connections: one identity provider's provisioning domain each."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Profile(models.TextChoices):
    """Whose dialect is understood: ``auto`` understands every known one."""

    AUTO = "auto", _("Any identity provider")
    OKTA = "okta", _("Okta")
    ENTRA = "entra", _("Microsoft Entra ID")
    STRICT = "strict", _("RFC 7643 and 7644 to the letter")
    INTEROP = "interop", _("SCIM 2.0 Interoperability Profile")


class State(models.TextChoices):
    """Whether writes are taken."""

    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")


class DeletePolicy(models.TextChoices):
    """What a SCIM DELETE does to the Django account."""

    KEEP = "keep", _("Disable the account and take it out of SCIM")
    ERASE = "erase", _("Delete the account")


class Connection(models.Model):
    """One identity provider that provisions this site, through one acting user."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    profile = models.CharField(
        _("profile"), max_length=10, choices=Profile.choices, default=Profile.AUTO
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ACTIVE)
    acting_user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("acting user"),
        on_delete=models.PROTECT,
        related_name="scim_connection",
        help_text=_("The service account the identity provider signs in as; it cannot open pages."),
    )
    delete_policy = models.CharField(
        _("on delete"), max_length=10, choices=DeletePolicy.choices, default=DeletePolicy.KEEP
    )
    shows_protected = models.BooleanField(
        _("shows protected accounts"),
        default=False,
        help_text=_("Staff, superusers and privileged groups can be read, never changed."),
    )
    requires_if_match = models.BooleanField(
        _("requires If-Match"),
        default=False,
        help_text=_(
            "Changes and deletions have to name the version they are made to, or answer 428."
            " No known identity provider does so by itself."
        ),
    )
    rate_limit = models.PositiveIntegerField(
        _("requests per second"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty for no limit. Microsoft Entra ID needs at least 25."),
    )
    schemas_changed = models.DateTimeField(
        _("schemas changed"),
        default=timezone.now,
        editable=False,
        help_text=_("When an administrator last changed the attributes that it sees."),
    )
    brake_people = models.PositiveIntegerField(
        _("most people to lose access"),
        null=True,
        blank=True,
        help_text=_("More at once stop it. Empty for the site's setting, 0 for no brake."),
    )
    brake_percent = models.PositiveSmallIntegerField(
        _("most percent to lose access"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("The same as a share of its active people. Empty for the site's setting."),
    )
    braked = models.DateTimeField(_("stopped by the brake"), null=True, blank=True, editable=False)
    braked_since = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Since when the people counted that stopped it.",
    )
    brake_told = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When administrators were told."
    )
    brake_released = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When an administrator let it go on: those before count no more.",
    )
    brake_allowance = models.PositiveIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text="How many people it may take access from once, after that.",
    )
    records_until = models.DateTimeField(
        _("records whole exchanges until"), null=True, blank=True, editable=False
    )
    has_decisions = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Whether its import preview has decisions, which creates then ask for.",
    )
    first_seen = models.DateTimeField(_("first seen"), null=True, blank=True, editable=False)
    last_seen = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ("name",)
        permissions = [
            ("operate_connection", "Can operate: pause, resume, rotate credentials, replay")
        ]

    def __str__(self) -> str:
        return self.name


class Overview(Connection):
    """All connections at once: a page that every admin lists, without a template of its own."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("overview")
        verbose_name_plural = _("overview")
