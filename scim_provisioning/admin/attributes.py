"""Custom attributes: declared, hidden, and deleted with their values."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from scim_provisioning.directory import declaring
from scim_provisioning.models import CustomAttribute

from .base import Page

FIXED = ("resource_type", "name", "type", "multi_valued", "case_exact")
"""What values depend on never changes."""


class CustomAttributeForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses names that mean something else already."""

    class Meta:
        model = CustomAttribute
        fields = (*FIXED, "description", "hidden")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "resource_type" in self.fields:
            choices = [(name, name) for name in declaring.resource_types()]
            label = self.fields["resource_type"].label
            self.fields["resource_type"] = forms.ChoiceField(choices=choices, label=label)

    def clean(self) -> dict[str, Any]:
        """Refuse a name of the core or of another extension."""
        cleaned = super().clean() or {}
        name, kind = cleaned.get("name"), cleaned.get("resource_type")
        if name and kind and declaring.is_taken(kind, name):
            self.add_error("name", _("That name has a meaning already."))
        return cleaned


@admin.register(CustomAttribute)
class CustomAttributeAdmin(Page):
    """Clients see an attribute with their next request; hiding one keeps its values."""

    form = CustomAttributeForm
    list_display = ("name", "resource_type", "type", "multi_valued", "hidden", "description")
    list_filter = ("hidden",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only the description, and whether it is hidden, change."""
        return FIXED if obj else ()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Ask with the number of values that go along."""
        to_delete, counts, perms, protected = super().get_deleted_objects(objs, request)
        for attribute in objs:
            count = declaring.holders(attribute).count()
            text = ngettext(
                "%(count)d value of %(name)s goes with it. To keep it, hide the attribute.",
                "%(count)d values of %(name)s go with it. To keep them, hide the attribute.",
                count,
            )
            to_delete.append(text % {"count": count, "name": attribute.name})
        return to_delete, counts, perms, protected

    def delete_model(self, request: HttpRequest, obj: CustomAttribute) -> None:
        """Delete the attribute and its values."""
        declaring.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CustomAttribute]) -> None:
        """Delete several, and say how many values went."""
        count = sum(map(declaring.remove, queryset))
        messages.success(request, _("%(count)d values were removed.") % {"count": count})
