"""The outbox: each mail is a row until a mail server has taken it over."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    """How far a mail has come."""

    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Being sent")
    HANDED_OVER = "handed_over", _("Handed over, not yet acknowledged")
    SENT = "sent", _("Sent")
    UNCERTAIN = "uncertain", _("Handed over, never acknowledged")
    FAILED = "failed", _("Given up")


class OutboxMail(models.Model):
    """One mail; ``key`` is unique, so that nothing is sent twice.

    ``claim`` names the attempt that may send it, until ``claimed_until``.
    """

    key = models.CharField(max_length=200, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="outbox_mails",
    )
    address = models.CharField(_("address"), max_length=320)
    message_id = models.CharField(_("message id"), max_length=255)
    state = models.CharField(
        _("state"), max_length=20, choices=MailState.choices, default=MailState.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try = models.DateTimeField(_("next try"), default=timezone.now)
    claim = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    error = models.TextField(_("last error"), blank=True)
    created = models.DateTimeField(_("created"), default=timezone.now)
    sent = models.DateTimeField(_("sent"), null=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ("-id",)
        indexes = [
            models.Index(
                fields=["next_try"],
                name="onboarding_mail_due",
                condition=models.Q(state__in=["queued", "sending", "handed_over"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.get_state_display()}"
