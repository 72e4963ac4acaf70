"""What every row of a further resource type holds besides its attributes."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connection import Connection


class ScimResource(models.Model):
    """The base of a site's own resource: its SCIM id, owner, version and times.

    Attributes are columns of the subclass; ``folded`` holds, by column, the text that is
    compared where it differs from what was sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        Connection,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("The connection that may change the resource; empty for local ones."),
    )
    external_id = models.TextField(_("externalId"), null=True, blank=True)
    listed = models.BooleanField(_("listed"), default=True, editable=False)
    link_allowed = models.BooleanField(_("link allowed"), default=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    last_modified = models.DateTimeField(_("last modified"), default=timezone.now, editable=False)
    extensions = models.JSONField(_("other extensions"), default=dict, blank=True)
    folded = models.JSONField(default=dict, editable=False)

    class Meta:
        abstract = True
