"""Permissions in groups, to be ticked and to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django import forms
from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def every() -> QuerySet[Permission]:
    """Return all permissions with what groups them, by one statement."""
    return Permission.objects.select_related("content_type").order_by(
        "content_type__app_label", "content_type__model", "codename"
    )


def grouped(permissions: Iterable[Permission]) -> Iterator[tuple[str, list[Permission]]]:
    """Yield the name of each kind of row, and the permissions for it."""
    for kind, members in groupby(permissions, key=lambda one: one.content_type):
        yield kind.app_labeled_name, list(members)


def as_table(permissions: Iterable[Permission]) -> SafeString:
    """Return permissions to be read."""
    rows = (
        (kind, ", ".join(permission.name for permission in members))
        for kind, members in grouped(permissions)
    )
    body = format_html_join("", "<tr><th scope='row'>{}</th><td>{}</td></tr>", rows)
    return format_html("<table class='held'><tbody>{}</tbody></table>", body)


class GroupedChoices(forms.models.ModelChoiceIterator):  # type: ignore[type-arg]
    """The permissions as a widget wants groups of choices."""

    def __iter__(self) -> Iterator[Any]:
        """Yield each group with its choices."""
        for kind, members in grouped(self.queryset):
            yield kind, [self.choice(permission) for permission in members]


class PermissionCheckboxes(forms.CheckboxSelectMultiple):
    """One set of boxes for each kind of row."""

    template_name = "onboarding/admin/grouped_checkboxes.html"


class PermissionsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Permissions, ticked in their groups."""

    widget = PermissionCheckboxes
    iterator = GroupedChoices

    def label_from_instance(self, obj: Any) -> str:
        """Return the permission's own name: its group has been named."""
        return str(obj.name)


def field_for(db_field: Any) -> PermissionsField:
    """Return the form field of a many-to-many field to permissions."""
    label = db_field.verbose_name.capitalize()
    return PermissionsField(every(), required=False, label=label, help_text=db_field.help_text)
