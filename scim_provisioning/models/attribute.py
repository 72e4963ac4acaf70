"""Attributes that an administrator declares: no code, no column, no restart."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Max
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connection import Connection

NAME = RegexValidator(
    re.compile(r"\A[A-Za-z][A-Za-z0-9_-]*\Z"),
    _("A letter, then letters, digits, hyphens or underscores."),
)


class AttributeType(models.TextChoices):
    """The simple types of RFC 7643 section 2.3."""

    STRING = "string", _("Text")
    BOOLEAN = "boolean", _("True or false")
    INTEGER = "integer", _("Whole number")
    DECIMAL = "decimal", _("Number")
    DATETIME = "dateTime", _("Date and time")
    REFERENCE = "reference", _("URI")


class CustomAttribute(models.Model):
    """One attribute of the site's own extension; its values stand in JSON columns.

    What it is never changes: values would be of another kind than the schema says.
    """

    resource_type = models.CharField(_("resource type"), max_length=50, default="User")
    name = models.CharField(_("name"), max_length=64, validators=[NAME])
    type = models.CharField(
        _("type"), max_length=10, choices=AttributeType.choices, default=AttributeType.STRING
    )
    multi_valued = models.BooleanField(_("many values"), default=False)
    case_exact = models.BooleanField(
        _("case counts"), default=False, help_text=_("In filters and in sorting, for text.")
    )
    description = models.CharField(_("description"), max_length=200, blank=True)
    hidden = models.BooleanField(
        _("hidden"),
        default=False,
        help_text=_("Clients neither see nor write it; the values stay, and come back with it."),
    )

    class Meta:
        verbose_name = _("custom attribute")
        verbose_name_plural = _("custom attributes")
        ordering = ("resource_type", "name")
        constraints = [
            models.UniqueConstraint(
                "resource_type",
                Lower("name"),
                name="scim_custom_attribute_name",
                violation_error_message=_("There is one of that name, maybe a hidden one."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.resource_type}: {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it, and let every process hear of it."""
        super().save(*args, **kwargs)
        announce()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete it, and let every process hear of it."""
        deleted = super().delete(*args, **kwargs)
        announce()
        return deleted

    def clean(self) -> None:
        """Case says nothing of what is no text."""
        if self.case_exact and self.type != AttributeType.STRING:
            raise ValidationError({"case_exact": _("This is for text.")})


def announce() -> None:
    """Tell every process, with its clients' next credentials, to read the attributes again.

    Always later than before, whatever the clocks of several servers say.
    """
    latest = Connection.objects.aggregate(latest=Max("schemas_changed"))["latest"]
    now = timezone.now()
    moment = max(now, latest + timedelta(microseconds=1)) if latest else now
    Connection.objects.update(schemas_changed=moment)
