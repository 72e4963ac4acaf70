"""Values that stand in rows of their own: multi-valued attributes and external ids."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .group import ScimGroup
from .user import ScimUser


class MultiValue(models.Model):
    """One value of a multi-valued attribute of a user.

    ``value_key`` is the folded value, capped and closed by a hash where it is long: a
    B-tree entry has a limit. It is null where values are not looked up (certificates).
    """

    user = models.ForeignKey(ScimUser, on_delete=models.CASCADE, related_name="values_of")
    attribute = models.CharField(_("attribute"), max_length=40)
    position = models.PositiveIntegerField(_("position"))
    value = models.TextField(_("value"), null=True, blank=True)
    value_key = models.CharField(max_length=300, null=True, editable=False)
    type = models.TextField(_("type"), null=True, blank=True)
    display = models.TextField(_("display"), null=True, blank=True)
    primary = models.BooleanField(_("primary"), null=True, blank=True)
    rest = models.JSONField(_("other sub-attributes"), default=dict, blank=True)
    folded = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("value")
        verbose_name_plural = _("values")
        ordering = ("user", "attribute", "position")
        indexes = [
            models.Index(
                fields=["value_key", "attribute"],
                name="scim_value_key",
                opclasses=["varchar_pattern_ops", "varchar_ops"],
                condition=models.Q(value_key__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attribute}: {self.value}"


class ExternalId(models.Model):
    """What one connection calls a resource: ``externalId`` (RFC 7643 section 3.1)."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="external_ids"
    )
    user = models.ForeignKey(
        ScimUser, null=True, blank=True, on_delete=models.CASCADE, related_name="external_ids"
    )
    group = models.ForeignKey(
        ScimGroup, null=True, blank=True, on_delete=models.CASCADE, related_name="external_ids"
    )
    value = models.TextField(_("value"))
    value_key = models.CharField(max_length=300, editable=False)

    class Meta:
        verbose_name = _("external id")
        verbose_name_plural = _("external ids")
        constraints = [
            models.UniqueConstraint(fields=["user", "connection"], name="scim_external_user"),
            models.UniqueConstraint(fields=["group", "connection"], name="scim_external_group"),
            models.CheckConstraint(
                condition=models.Q(user__isnull=True, group__isnull=False)
                | models.Q(user__isnull=False, group__isnull=True),
                name="scim_external_one_resource",
            ),
        ]
        indexes = [models.Index(fields=["value_key", "connection"], name="scim_external_value")]

    def __str__(self) -> str:
        return self.value
