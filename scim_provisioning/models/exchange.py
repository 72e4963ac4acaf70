"""Whole exchanges, recorded for a limited time to find out what a client does."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connection import Connection


class Dropped(models.TextChoices):
    """Why a body is not there."""

    LARGE = "large", _("It was larger than is kept.")
    UNREADABLE = "unreadable", _("It was no JSON object, or could not be read.")


class Exchange(models.Model):
    """One request of a known client and its answer, without secrets.

    Bodies are JSON text, empty where there was none; ``size`` is what counts for the
    connection's limit. An event is of the exchange with its ``request_id``.
    """

    time = models.DateTimeField(_("time"), default=timezone.now)
    connection = models.ForeignKey(
        Connection,
        verbose_name=_("connection"),
        on_delete=models.CASCADE,
        related_name="exchanges",
        # The index that begins with it does.
        db_index=False,
    )
    request_id = models.UUIDField(_("request id"))
    method = models.CharField(_("method"), max_length=10)
    path = models.CharField(_("path"), max_length=200)
    query = models.CharField(_("query"), max_length=2000, blank=True)
    status = models.PositiveSmallIntegerField(_("status"))
    duration_ms = models.FloatField(_("duration in ms"))
    request_headers = models.JSONField(_("request headers"), default=dict)
    request_body = models.TextField(_("request body"), blank=True)
    request_dropped = models.CharField(max_length=10, choices=Dropped.choices, blank=True)
    response_headers = models.JSONField(_("answer's headers"), default=dict)
    response_body = models.TextField(_("answer's body"), blank=True)
    response_dropped = models.CharField(max_length=10, choices=Dropped.choices, blank=True)
    size = models.PositiveIntegerField(_("size"))

    class Meta:
        verbose_name = _("recorded exchange")
        verbose_name_plural = _("recorded exchanges")
        ordering = ("-time", "-id")
        # They are for those who operate connections, whatever else people may view.
        default_permissions = ()
        indexes = [
            models.Index(fields=["-time", "-id"], name="scim_exchange_time"),
            models.Index(fields=["connection", "size"], name="scim_exchange_size"),
            models.Index(fields=["request_id"], name="scim_exchange_request"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"
