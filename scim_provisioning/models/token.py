"""Personal access tokens: what a client sends in place of a password."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PersonalAccessToken(models.Model):
    """A token of one user; only its SHA-256 digest is stored."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="personal_access_tokens",
    )
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
        verbose_name = _("personal access token")
        verbose_name_plural = _("personal access tokens")
        ordering = ("-created", "-id")

    def __str__(self) -> str:
        return self.hint
