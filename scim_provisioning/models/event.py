"""The provisioning ledger: what clients did, and how often they asked."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .ordering import KeyField


class ProvisioningEvent(models.Model):
    """One write, accepted or refused; rows are only ever added.

    ``changes`` maps an attribute to ``[before, after]``, redacted by schema; for members
    to ``{"added": […], "removed": […]}``. ``resource_key`` is the folded head of the name.
    """

    time = models.DateTimeField(_("time"), default=timezone.now)
    connection = models.ForeignKey(
        Connection,
        verbose_name=_("connection"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="events",
        # The index that begins with it does.
        db_index=False,
    )
    acting_user = models.CharField(_("acting user"), max_length=256, blank=True)
    credential = models.CharField(_("credential"), max_length=20, blank=True)
    credential_key = models.CharField(
        _("which credential"),
        max_length=40,
        blank=True,
        help_text=_("Kind and number, as the list of credentials shows them."),
    )
    address = models.GenericIPAddressField(_("address"), null=True)
    method = models.CharField(_("method"), max_length=10)
    path = models.CharField(_("path"), max_length=200)
    status = models.PositiveSmallIntegerField(_("status"))
    scim_type = models.CharField(_("error type"), max_length=20, blank=True)
    detail = models.TextField(_("detail"), blank=True)
    duration_ms = models.FloatField(_("duration in ms"), default=0)
    request_id = models.UUIDField(_("request id"), null=True)
    resource_type = models.CharField(_("resource type"), max_length=20, blank=True)
    resource_id = models.UUIDField(_("resource id"), null=True)
    resource_name = models.CharField(_("resource"), max_length=256, blank=True)
    resource_key = KeyField(max_length=256, default="", editable=False)
    changes = models.JSONField(_("changes"), default=dict)
    notes = models.JSONField(_("notes"), default=list)
    ends_access = models.BooleanField(
        _("ends access"),
        default=False,
        db_default=False,
        help_text=_("A person was disabled or deleted: what the brake counts."),
    )

    class Meta:
        verbose_name = _("provisioning event")
        verbose_name_plural = _("provisioning events")
        ordering = ("-time", "-id")
        indexes = [
            models.Index(fields=["-time", "-id"], name="scim_event_time"),
            models.Index(fields=["connection", "-time", "-id"], name="scim_event_connection"),
            models.Index(
                fields=["-time", "-id"],
                name="scim_event_refused",
                condition=models.Q(status__gte=300),
            ),
            models.Index(fields=["resource_id", "-time"], name="scim_event_resource"),
            models.Index(fields=["resource_key"], name="scim_event_name"),
            models.Index(fields=["request_id"], name="scim_event_request"),
            models.Index(
                fields=["connection", "time"],
                name="scim_event_ends_access",
                condition=models.Q(ends_access=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


class RequestCount(models.Model):
    """Requests that are counted instead of written one by one.

    Reads are counted by connection; anonymous refusals and 429s by address.
    """

    minute = models.DateTimeField(_("minute"))
    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), null=True, on_delete=models.CASCADE
    )
    credential_key = models.CharField(_("which credential"), max_length=40, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    method = models.CharField(_("method"), max_length=10)
    status = models.PositiveSmallIntegerField(_("status"))
    count = models.PositiveIntegerField(_("requests"), default=0)

    class Meta:
        verbose_name = _("request count")
        verbose_name_plural = _("request counts")
        ordering = ("-minute", "-id")
        indexes = [models.Index(fields=["-minute", "-id"], name="scim_count_minute")]

    def __str__(self) -> str:
        return f"{self.method} {self.status}: {self.count}"
