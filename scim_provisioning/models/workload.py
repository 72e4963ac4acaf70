"""Workload identity federation: whose assertions stand in for a client's secret (RFC 7523)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .trust import check_issuer, check_urls


class WorkloadTrust(models.Model):
    """A workload of another issuer that may ask for a connection's tokens without a secret.

    Issuer, keys, subject and audience are the four values that Entra shows to be copied.
    """

    connection = models.ForeignKey(
        Connection,
        verbose_name=_("connection"),
        on_delete=models.CASCADE,
        related_name="workload_trusts",
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    issuer = models.CharField(_("issuer"), max_length=500)
    jwks_uri = models.CharField(_("keys (jwks_uri)"), max_length=500)
    subject = models.CharField(_("subject"), max_length=255)
    audience = models.CharField(_("audience"), max_length=500)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    last_used = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_address = models.GenericIPAddressField(
        _("last address"), null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("trusted workload")
        verbose_name_plural = _("trusted workloads")
        ordering = ("-created", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "issuer", "subject"], name="workload_trust_subject"
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    def clean(self) -> None:
        """Raise ValidationError for what could not be safe."""
        # Entra shows the scope that its client asks for; the token names the audience.
        self.audience = self.audience.removesuffix("/.default")
        urls: Any = ("issuer", "jwks_uri") if self.enabled else ()
        if errors := check_issuer(self.issuer) | check_urls(self, urls):
            raise ValidationError(errors)


class UsedAssertion(models.Model):
    """An assertion that was used, so that no worker takes it again; gone when it has expired."""

    digest = models.CharField(max_length=64, primary_key=True)
    expires = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("used assertion")
        verbose_name_plural = _("used assertions")

    def __str__(self) -> str:
        return self.digest
