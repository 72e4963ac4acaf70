"""Client secrets: what an identity provider shows the token endpoint (RFC 6749 section 2.3.1)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .credential import Credential


class ClientSecret(Credential):
    """A secret of the OAuth client that acts for a connection; two may be live at once.

    The client id stands in the OAuth application of the connection's acting user. That
    table is another app's, which a site may do without: hence no key points there.
    """

    connection = models.ForeignKey(
        Connection,
        verbose_name=_("connection"),
        on_delete=models.CASCADE,
        related_name="client_secrets",
    )

    class Meta:
        verbose_name = _("client secret")
        verbose_name_plural = _("client secrets")
        ordering = ("-created", "-id")
