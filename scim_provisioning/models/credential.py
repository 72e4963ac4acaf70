"""What every secret of a client has in common; the secret itself is never stored."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Credential(models.Model):
    """A random secret of 256 bits, kept as its SHA-256 digest: it needs no slow hash."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("token"), max_length=20, editable=False)
    description = models.CharField(_("description"), max_length=200, blank=True)
    scopes = models.CharField(
        _("scopes"),
        max_length=200,
        blank=True,
        default="scim",
        help_text=_("Separated by spaces: scim.read, scim.write, or scim for both."),
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    expires = models.DateTimeField(_("expires"))
    revoked = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    last_used = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_address = models.GenericIPAddressField(
        _("last address"), null=True, blank=True, editable=False
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.hint

    def is_live(self, now: datetime | None = None) -> bool:
        """Whether it has neither been revoked nor expired."""
        return self.revoked is None and self.expires > (now or timezone.now())
