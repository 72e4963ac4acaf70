"""Roles: ranked sets of Django's permissions, held by users and by groups."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from onboarding import conf

LOWEST_RANK = 100
"""The rank of End User: what everybody may have."""
ADMINISTRATOR_RANK = 400
"""Roles of this rank are given only where a person allowed exactly that."""


class Origin(models.TextChoices):
    """What gave a role."""

    PERSON = "person", _("An administrator")
    CONFIGURATION = "configuration", _("A user onboarding configuration")


class Role(models.Model):
    """A named set of permissions; of several, the one of the highest rank is in effect.

    The built-in ones stay; of those, the fixed ones stay as they are.
    """

    slug = models.SlugField(_("identifier"), max_length=100, unique=True)
    name = models.CharField(
        _("name"),
        max_length=100,
        help_text=_("What configurations call it: roleName. Unique, whatever the letter case."),
    )
    rank = models.PositiveSmallIntegerField(
        _("rank"), default=LOWEST_RANK, help_text=_("Of several roles, the highest is in effect.")
    )
    built_in = models.BooleanField(_("built in"), default=False, editable=False)
    fixed = models.BooleanField(_("fixed"), default=False, editable=False)
    permissions = models.ManyToManyField(
        Permission, verbose_name=_("permissions"), blank=True, related_name="portal_roles"
    )

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ("-rank", "name")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="onboarding_role_name",
                violation_error_message=_("Another role has that name."),
            ),
            models.CheckConstraint(
                condition=models.Q(rank__gte=LOWEST_RANK, rank__lte=ADMINISTRATOR_RANK),
                name="onboarding_role_rank",
            ),
        ]
        permissions = [
            ("view_entities", "Can open folders, semantic models, workbooks and dashboards"),
            ("build_entities", "Can make and change workbooks and dashboards"),
            ("design_entities", "Can make and change semantic models"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_administrative(self) -> bool:
        """Whether it ranks with Administrator, so that a person has to allow giving it."""
        return self.rank >= ADMINISTRATOR_RANK

    @property
    def grants_everything(self) -> bool:
        """Whether it holds every permission, those to come included: Administrator."""
        return self.built_in and self.is_administrative


class GroupRole(models.Model):
    """The role that the members of one group have."""

    group = models.OneToOneField(
        Group, verbose_name=_("group"), on_delete=models.CASCADE, related_name="portal_role"
    )
    role = models.ForeignKey(
        Role, verbose_name=_("role"), on_delete=models.PROTECT, related_name="groups"
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("given by"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    given = models.DateTimeField(_("given"), default=timezone.now, editable=False)
    administrator_allowed = models.BooleanField(
        _("may make administrators"),
        default=False,
        help_text=_("Whoever fills the group, an identity provider too, makes administrators."),
    )

    class Meta:
        verbose_name = _("role of a group")
        verbose_name_plural = _("roles of groups")
        ordering = ("group__name",)

    def __str__(self) -> str:
        return f"{self.group}: {self.role}"

    @staticmethod
    def ways() -> list[str]:
        """Return the lookups from a group's role to whom it is for, on any user model."""
        groups: Any = get_user_model()._meta.get_field("groups")
        people, inner = groups.related_query_name(), conf.current().inner_groups
        return [f"group__{people}", *([f"group__{inner}__{people}"] if inner else [])]

    def clean(self) -> None:
        """Refuse a role that ranks with Administrator where nobody allowed that."""
        if self.role_id and self.role.is_administrative and not self.administrator_allowed:
            message = _("%(role)s makes administrators: that has to be allowed by its own mark.")
            raise ValidationError(
                {"administrator_allowed": ValidationError(message, params={"role": self.role})}
            )
