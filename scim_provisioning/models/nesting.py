"""Groups in groups: Django's own have no nesting, so it is kept here."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class GroupNesting(models.Model):
    """A group that is a member of another group."""

    group = models.ForeignKey(
        Group, verbose_name=_("group"), on_delete=models.CASCADE, related_name="scim_nested"
    )
    member = models.ForeignKey(
        Group, verbose_name=_("member"), on_delete=models.CASCADE, related_name="scim_nested_in"
    )

    class Meta:
        verbose_name = _("nested group")
        verbose_name_plural = _("nested groups")
        constraints = [
            models.UniqueConstraint(fields=["group", "member"], name="scim_nesting_once"),
            models.CheckConstraint(
                condition=~models.Q(group=models.F("member")), name="scim_nesting_not_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} in {self.group}"


class GroupClosure(models.Model):
    """A group that is within another one, however deep: what follows from ``GroupNesting``.

    Kept by ``directory.nesting``, so that reads and filters need no recursion. ``depth`` is
    the longest way between the two.
    """

    ancestor = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="scim_below")
    descendant = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="scim_above")
    depth = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ancestor", "descendant"], name="scim_closure_once"),
            models.CheckConstraint(
                condition=~models.Q(ancestor=models.F("descendant")), name="scim_closure_no_circle"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.descendant_id} within {self.ancestor_id}"
