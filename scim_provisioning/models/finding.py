"""Findings: what an administrator should look at, each with a way out."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .group import ScimGroup
from .user import ScimUser


class FindingKind(models.TextChoices):
    """Why it needs a person."""

    PROTECTED = "protected", _("A connection asked for the name of a protected account or group")
    UNAPPROVED = "unapproved", _("A connection wrote to a local account that needs approval")
    FOREIGN = "foreign", _("A connection wrote to another connection's resource")
    FOREIGN_MEMBER = "foreign_member", _("A group holds users of another connection")
    COLLISION = "collision", _("Names differ only by letter case")
    IDENTITY = "identity", _("Another person's identity asked for the account at sign-in")
    BRAKED = "braked", _("A connection was stopped: too many people would have lost access")
    DRIFT = "drift", _("The account was changed behind SCIM's back")


class Finding(models.Model):
    """One thing to decide about one resource, for one connection where it concerns one.

    ``allowed`` is an administrator's *allow this link*: the next write of that connection
    to that resource links it.
    """

    kind = models.CharField(_("kind"), max_length=20, choices=FindingKind.choices)
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.CASCADE, related_name="findings"
    )
    user = models.ForeignKey(
        ScimUser, null=True, blank=True, on_delete=models.CASCADE, related_name="findings"
    )
    group = models.ForeignKey(
        ScimGroup, null=True, blank=True, on_delete=models.CASCADE, related_name="findings"
    )
    detail = models.TextField(_("detail"), blank=True)
    first_seen = models.DateTimeField(_("first seen"), default=timezone.now)
    last_seen = models.DateTimeField(_("last seen"), default=timezone.now)
    count = models.PositiveIntegerField(_("times"), default=1)
    allowed = models.BooleanField(_("link allowed"), default=False)
    resolved = models.DateTimeField(_("resolved"), null=True, blank=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ("-last_seen", "-id")
        permissions = [("allow_link", "Can allow a connection to link a local account")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.user or self.group or self.connection}"
