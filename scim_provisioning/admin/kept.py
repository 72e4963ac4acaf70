"""What an identity provider keeps is read-only, unless somebody unlocks it with a reason.

The lock is of the page, not of the account: it opens for one form and one save, by a query
parameter that the form is sent with, and the reason stands in the history.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import escape, format_html
from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scim_provisioning.models import ScimGroup

if TYPE_CHECKING:
    Base = admin.ModelAdmin
else:
    Base = object

UNLOCK = "unlock"
REASON = "unlock_reason"


class Unlocked(forms.ModelForm):  # type: ignore[type-arg]
    """A form that changes what is kept elsewhere: it asks why."""

    unlock_reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("It goes into the history, with your name.")
    )


class Locked(forms.ModelForm):  # type: ignore[type-arg]
    """A form that leaves the members of kept groups as they are."""

    def clean_groups(self) -> Any:
        """Refuse to put somebody into a kept group, or to take somebody out."""
        inherited: Any = getattr(super(), "clean_groups", None)
        chosen = inherited() if inherited else self.cleaned_data["groups"]
        before = set(self.instance.groups.values_list("pk", flat=True))
        moved = before ^ {group.pk for group in chosen}
        kept = ScimGroup.objects.filter(group__in=moved, connection__isnull=False)
        if found := kept.select_related("connection").order_by("display_name").first():
            text = gettext("%(connection)s keeps the members of %(group)s.")
            text %= {"connection": found.connection, "group": found.display_name}
            raise ValidationError(format_html("{} {}", text, _way()))
        return chosen


def _way() -> str:
    return format_html('<a href="?{}=1">{}</a>', UNLOCK, _("Change it this once, with a reason"))


def owner_of(obj: Any) -> Any:
    """Return the connection that keeps an account or a group, None where none does."""
    row = getattr(obj, "scim", None)
    return row.connection if row is not None and getattr(row, "deleted", None) is None else None


class KeptFields(Base):  # type: ignore[type-arg]
    """A page whose fields are read-only where an identity provider keeps them."""

    def kept_names(self) -> Iterable[str]:
        """Return the model's fields that SCIM writes."""
        raise NotImplementedError

    def _kept(self, obj: Any) -> list[str]:
        return [*self.kept_names()] if owner_of(obj) is not None else []

    def _is_open(self, request: HttpRequest, obj: Any) -> bool:
        return UNLOCK in request.GET and self.has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add what is kept, while it is locked."""
        names = super().get_readonly_fields(request, obj)
        return names if self._is_open(request, obj) else [*names, *self._kept(obj)]

    def get_form(  # type: ignore[override]  # Django's own pages of users take no more either.
        self, request: HttpRequest, obj: Any = None, **kwargs: Any
    ) -> Any:
        """Say of each kept field by whom; ask for the reason where they are unlocked."""
        if obj is None:
            return super().get_form(request, obj, **kwargs)
        form = kwargs.get("form", self.form)
        lock = Unlocked if self._is_open(request, obj) else Locked
        kwargs["form"] = type(form.__name__, (lock, form), {})
        # Django takes help texts for HTML.
        told = gettext("Kept by %s.") % escape(str(owner_of(obj)))
        texts = dict.fromkeys(self._kept(obj), told)
        return super().get_form(request, obj, **{"help_texts": texts, **kwargs})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Begin with what is kept, by whom, and the way to change it."""
        fieldsets = without(super().get_fieldsets(request, obj), REASON)
        is_open = obj is not None and self._is_open(request, obj)
        if owner_of(obj) is None and not is_open:
            return fieldsets
        fields = (REASON,) if is_open else ()
        options = {"fields": fields, "description": self._notice(request, obj)}
        owner = owner_of(obj)
        title = _("Kept by %s") % owner if owner else _("Kept by an identity provider")
        return ((title, options), *fieldsets)

    def _notice(self, request: HttpRequest, obj: Any) -> str:
        if self._is_open(request, obj):
            return gettext("What you change here the identity provider may write over.")
        fields: Any = map(self.opts.get_field, self._kept(obj))
        labels = [capfirst(field.verbose_name) for field in fields]
        names = get_text_list(labels, gettext("and"))
        text = gettext("Read-only here, since the identity provider writes them: %s.") % names
        may = self.has_change_permission(request, obj)
        return format_html("{} {}", text, _way() if may else "")

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Lock the page again: it was open for one save."""
        answer = super().response_change(request, obj)
        is_next = UNLOCK in request.GET and "_continue" in request.POST
        return HttpResponseRedirect(request.path) if is_next else answer

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Log the reason with what was changed."""
        if REASON not in form.cleaned_data:
            return super().construct_change_message(request, form, formsets, add)
        names = ", ".join(name for name in form.changed_data if name != REASON) or "nothing"
        owner, reason = owner_of(form.instance), form.cleaned_data[REASON]
        return f"Unlocked, kept by {owner}: {reason}. Changed: {names}."


def without(fieldsets: Any, *names: str) -> tuple[Any, ...]:
    """Return fieldsets without some fields, and without a fieldset that this empties."""
    left = []
    for title, options in fieldsets:
        fields = tuple(field for field in options["fields"] if field not in names)
        if fields or not options["fields"]:
            left.append((title, {**options, "fields": fields}))
    return tuple(left)
