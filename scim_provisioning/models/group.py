"""What SCIM knows of a group; its members are Django's own."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .ordering import KeyField


class ScimGroup(models.Model):
    """The SCIM side of one ``auth.Group``; ``id`` is the SCIM id, never used twice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.OneToOneField(
        Group, verbose_name=_("group"), on_delete=models.CASCADE, related_name="scim"
    )
    connection = models.ForeignKey(
        Connection,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="groups",
        help_text=_("The connection that may change the group; empty for local groups."),
    )
    listed = models.BooleanField(_("listed"), default=True, editable=False)
    link_allowed = models.BooleanField(
        _("link allowed"),
        default=False,
        help_text=_("An administrator lets SCIM manage this group although it is protected."),
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    last_modified = models.DateTimeField(_("last modified"), default=timezone.now, editable=False)
    display_name = models.CharField(_("displayName"), max_length=256)
    display_name_key = KeyField(max_length=1024, null=True, editable=False)
    extensions = models.JSONField(_("other extensions"), default=dict, blank=True)
    folded = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("SCIM group")
        verbose_name_plural = _("SCIM groups")
        constraints = [
            models.UniqueConstraint(fields=["display_name_key"], name="scim_group_name_key"),
        ]
        indexes = [
            models.Index(
                fields=["created", "id"],
                name="scim_group_listed",
                condition=models.Q(listed=True),
            ),
        ]

    def __str__(self) -> str:
        return self.display_name
