"""What the portal knows of a user beside the account: role, onboarding, preferences."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .configuration import OnboardingRevision
from .role import Origin, Role


class Skipped(models.TextChoices):
    """Why First Login Actions were not applied."""

    EXISTED = "existed", _("The account was there before, and was linked")
    UNCONFIGURED = "unconfigured", _("No configuration applied when the account was made")


class UserProfile(models.Model):
    """One row per user, so that a new user with a role costs one statement.

    ``onboarded`` tells when First Login Actions were applied, ``first_sign_in`` when the
    part that waits for the person was.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="portal_profile",
    )

    role = models.ForeignKey(
        Role,
        verbose_name=_("role"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="profiles",
    )
    role_origin = models.CharField(
        _("given by"), max_length=20, choices=Origin.choices, blank=True, editable=False
    )
    role_given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("administrator"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    role_given = models.DateTimeField(_("role given"), null=True, editable=False)

    source = models.CharField(_("source"), max_length=200, blank=True, editable=False)
    revision = models.ForeignKey(
        OnboardingRevision,
        verbose_name=_("revision"),
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="profiles",
    )
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    onboarded = models.DateTimeField(_("onboarded"), null=True, editable=False)
    skipped = models.CharField(
        _("skipped"), max_length=20, choices=Skipped.choices, blank=True, editable=False
    )
    first_sign_in = models.DateTimeField(_("first sign-in"), null=True, editable=False)
    mail_wanted = models.BooleanField(_("welcome mail"), default=False, editable=False)
    warnings = models.JSONField(_("warnings"), default=list, editable=False)

    locale = models.CharField(_("locale"), max_length=100, blank=True)
    timezone = models.CharField(_("time zone"), max_length=100, blank=True)
    preferred_language = models.CharField(_("preferred language"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("portal profile")
        verbose_name_plural = _("portal profiles")
        ordering = ("-id",)
        indexes = [
            # What the sweep looks for: mails that nobody has put into the outbox yet.
            models.Index(
                fields=["id"],
                name="onboarding_mail_wanted",
                condition=models.Q(mail_wanted=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class DefaultEntity(models.Model):
    """One entity that a user's home shows from the first sign-in on."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="default_entities",
    )
    kind = models.CharField(_("kind"), max_length=100)
    name = models.CharField(_("name"), max_length=500)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("default entity")
        verbose_name_plural = _("default entities")
        ordering = ("position", "id")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "name"], name="onboarding_entity"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"
