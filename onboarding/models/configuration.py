"""User Onboarding Configurations: First Login Actions, and every text they ever had."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

ALL_SOURCES = ""
"""The source of the configuration that applies where no other does."""


class OnboardingConfiguration(models.Model):
    """What new users get: for all sources, or instead of that for one of them.

    A source is whatever provisions users; its key is free text, such as ``connection:idp``.
    """

    source = models.CharField(
        _("applies to"),
        max_length=200,
        unique=True,
        blank=True,
        default=ALL_SOURCES,
        help_text=_("The key of a source, such as connection:NAME; empty for all others."),
    )
    enabled = models.BooleanField(
        _("enabled"),
        default=True,
        help_text=_("Switched off it is as if it were not there; what it gave stays."),
    )

    class Meta:
        verbose_name = _("user onboarding configuration")
        verbose_name_plural = _("user onboarding configurations")
        ordering = ("source",)

    def __str__(self) -> str:
        return self.source or str(_("All sources"))


class OnboardingRevision(models.Model):
    """One text of a configuration; rows are only ever added, the newest is in force.

    ``administrator_allowed``: its author allowed that it makes administrators.
    """

    configuration = models.ForeignKey(
        OnboardingConfiguration,
        verbose_name=_("configuration"),
        on_delete=models.CASCADE,
        related_name="revisions",
    )
    text = models.TextField(_("First Login Actions"), help_text=_("As it was typed."))
    document = models.JSONField(_("document"), editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created = models.DateTimeField(_("created"), default=timezone.now)
    rolled_back_from = models.ForeignKey(
        "self",
        verbose_name=_("text of"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("The earlier revision whose text this one took up again."),
    )
    administrator_allowed = models.BooleanField(_("may make administrators"), default=False)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ("-id",)
        permissions = [("allow_administrators", "Can let a configuration make administrators")]

    def __str__(self) -> str:
        return f"{self.configuration} #{self.pk}"
