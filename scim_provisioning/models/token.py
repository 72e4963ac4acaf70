"""Personal access tokens: what a client sends in place of a password."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .credential import Credential


class PersonalAccessToken(Credential):
    """A token of one user; only its SHA-256 digest is stored."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="personal_access_tokens",
    )

    class Meta:
        verbose_name = _("personal access token")
        verbose_name_plural = _("personal access tokens")
        ordering = ("-created", "-id")
