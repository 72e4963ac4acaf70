"""What SCIM knows of a user: the attributes as sent, beside Django's own account."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .ordering import Bytewise, Folded, Head, KeyField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class SignInClass(models.TextChoices):
    """How the account was provisioned, which decides how the person may sign in."""

    BASIC = "basic", _("Provisioned with HTTP Basic")
    OAUTH = "oauth", _("Provisioned with OAuth 2.0")


def text(label: _StrPromise) -> models.TextField[str | None, str | None]:
    """Return a column for a singular string attribute, null where it is unassigned."""
    return models.TextField(label, null=True, blank=True)


class ScimUser(models.Model):
    """The SCIM side of one account; ``id`` is the SCIM id, never used twice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="scim",
    )
    connection = models.ForeignKey(
        Connection,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="users",
        help_text=_("The connection that may change the account; empty for local accounts."),
    )
    sign_in_class = models.CharField(
        _("sign-in class"),
        max_length=10,
        choices=SignInClass.choices,
        null=True,
        blank=True,
        editable=False,
    )
    listed = models.BooleanField(_("listed"), default=True, editable=False)
    link_allowed = models.BooleanField(
        _("link allowed"),
        default=False,
        help_text=_("An administrator lets SCIM manage this account although it is protected."),
    )
    deleted = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    last_modified = models.DateTimeField(_("last modified"), default=timezone.now, editable=False)
    credentials_valid_after = models.DateTimeField(
        _("credentials valid after"), null=True, blank=True, editable=False
    )

    user_name = models.CharField(_("userName"), max_length=256)
    user_name_key = KeyField(max_length=1024, null=True, editable=False)
    active = models.BooleanField(_("active"), null=True, default=True)
    display_name = text(_("displayName"))
    nick_name = text(_("nickName"))
    profile_url = text(_("profileUrl"))
    title = text(_("title"))
    user_type = text(_("userType"))
    preferred_language = text(_("preferredLanguage"))
    locale = text(_("locale"))
    timezone = text(_("timezone"))
    name_formatted = text(_("name.formatted"))
    family_name = text(_("name.familyName"))
    given_name = text(_("name.givenName"))
    middle_name = text(_("name.middleName"))
    honorific_prefix = text(_("name.honorificPrefix"))
    honorific_suffix = text(_("name.honorificSuffix"))
    employee_number = text(_("employeeNumber"))
    cost_center = text(_("costCenter"))
    organization = text(_("organization"))
    division = text(_("division"))
    department = text(_("department"))
    manager = text(_("manager"))
    extensions = models.JSONField(_("other extensions"), default=dict, blank=True)
    folded = models.JSONField(
        default=dict,
        editable=False,
        help_text="Columns whose case-folded value differs from what was sent, folded.",
    )

    class Meta:
        verbose_name = _("SCIM user")
        verbose_name_plural = _("SCIM users")
        constraints = [
            models.UniqueConstraint(fields=["user_name_key"], name="scim_user_name_key"),
        ]
        indexes = [
            models.Index(
                fields=["created", "id"],
                name="scim_user_listed",
                condition=models.Q(listed=True),
            ),
            # What lists are often sorted by.
            models.Index(
                Bytewise(Head(Folded("display_name"))),
                "created",
                "id",
                name="scim_user_display_name",
                condition=models.Q(listed=True),
            ),
            models.Index(
                Bytewise(Head(Folded("family_name"))),
                "created",
                "id",
                name="scim_user_family_name",
                condition=models.Q(listed=True),
            ),
            models.Index(
                fields=["last_modified", "created", "id"],
                name="scim_user_modified",
                condition=models.Q(listed=True),
            ),
            # A tenth of the size of the other: what a count of everybody reads.
            models.Index(
                fields=["listed"], name="scim_user_count", condition=models.Q(listed=True)
            ),
        ]

    def __str__(self) -> str:
        return self.user_name
