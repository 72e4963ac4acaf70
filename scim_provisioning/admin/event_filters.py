"""What the ledger is filtered by; no filter asks a table of events for its choices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from scim_provisioning import ledger
from scim_provisioning.models import ScimGroup, ScimUser
from scim_provisioning.protocol.fold import fold
from scim_provisioning.protocol.identifiers import parse
from scim_provisioning.resources import registry

from .keyset import Serving

OPERATIONS: dict[str, Any] = {
    "POST": _("Create"),
    "PUT": _("Replace"),
    "PATCH": _("Change"),
    "DELETE": _("Delete"),
}
REFUSED = 300
"""The lowest status of what was refused."""


class Choice(admin.SimpleListFilter):
    """One of few values that are known beforehand."""

    @property
    def serving(self) -> Serving:
        """Most of these are rather common than rare, and have no index."""
        return Serving.NOTHING if self.value() else Serving.ORDER

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what has the value; a value that is none of the choices keeps nothing."""
        value = self.value()
        if not value:
            return queryset
        if value not in {str(choice) for choice, _label in self.lookup_choices}:
            return queryset.none()
        return self.narrowed(queryset, value)

    def narrowed(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Keep what has one of the choices."""
        return queryset.filter(**{str(self.parameter_name): value})


class OperationFilter(Choice):
    """By what was asked for."""

    title, parameter_name = _("operation"), "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The writing verbs."""
        return list(OPERATIONS.items())


class TypeFilter(Choice):
    """By type of resource."""

    title, parameter_name = _("resource type"), "resource_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The types that are served."""
        names = [mapping.declared.name for mapping in registry.mappings()]
        return [(name, name) for name in names]


class ResultFilter(Choice):
    """Accepted, or refused."""

    title, parameter_name = _("result"), "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The two."""
        return [("accepted", _("Accepted")), ("refused", _("Refused"))]

    @property
    def serving(self) -> Serving:
        """What was refused has an index."""
        return Serving.NOTHING if self.value() == "accepted" else Serving.ORDER

    def narrowed(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Keep one of the two."""
        side = "lt" if value == "accepted" else "gte"
        return queryset.filter(**{f"status__{side}": REFUSED})


class SinceFilter(Choice):
    """The last hours or days."""

    title, parameter_name = _("time"), "since"
    serving = Serving.ORDER
    spans: ClassVar[dict[str, timedelta]] = {
        "hour": timedelta(hours=1),
        "day": timedelta(days=1),
        "week": timedelta(days=7),
        "month": timedelta(days=30),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Usual spans."""
        labels = (_("Last hour"), _("Last 24 hours"), _("Last 7 days"), _("Last 30 days"))
        return list(zip(self.spans, labels, strict=True))

    def narrowed(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Keep what is younger."""
        return queryset.filter(time__gte=timezone.now() - self.spans[value])


class FormFilter(admin.ListFilter):
    """A filter that is filled in, by a form of its own."""

    template = "scim_provisioning/filter_form.html"
    form_class: type[forms.Form]
    button = _("Show")

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.form_class.base_fields:
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        given = any(str(value).strip() for value in self.used_parameters.values())
        self.form = self.form_class(
            self.used_parameters if given else None, auto_id="filter-%s", label_suffix=""
        )

    def has_output(self) -> bool:
        """Whether it is shown."""
        return True

    def expected_parameters(self) -> list[str | None]:
        """The names of its fields."""
        return list(self.form_class.base_fields)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Give the template what the form keeps of the query string."""
        names = self.expected_parameters()
        yield {"kept": [pair for pair in changelist.params.items() if pair[0] not in names]}

    @property
    def serving(self) -> Serving:
        """A time range is in order."""
        return Serving.ORDER

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what the form asks for; of what it does not understand, nothing."""
        if not self.form.is_bound:
            return queryset
        return self.narrowed(queryset) if self.form.is_valid() else queryset.none()

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what the filled-in form asks for."""
        raise NotImplementedError


class DayInput(forms.DateInput):
    """The browser's own field for a day."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


IN_REACH = [MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(9000, 1, 1))]
"""Days that have a day before and behind them, in every time zone."""


class DaysForm(forms.Form):
    """From one day to another."""

    from_day = forms.DateField(
        label=_("From"), required=False, widget=DayInput(), validators=IN_REACH
    )
    to_day = forms.DateField(
        label=_("To, and including"), required=False, widget=DayInput(), validators=IN_REACH
    )


class DaysFilter(FormFilter):
    """By days, of the time zone in force."""

    title = _("days")
    form_class = DaysForm

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what lies between the days."""
        first, last = (self.form.cleaned_data[name] for name in ("from_day", "to_day"))
        if first:
            queryset = queryset.filter(time__gte=_midnight(first))
        if last:
            queryset = queryset.filter(time__lt=_midnight(last + timedelta(days=1)))
        return queryset


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class UserForm(forms.Form):
    """One user."""

    person = forms.CharField(label=_("userName or id"), required=False, max_length=256)


class GroupForm(forms.Form):
    """One group."""

    group = forms.CharField(label=_("displayName or id"), required=False, max_length=256)


class ResourceFilter(FormFilter):
    """By one resource: by its id, or by its name, under which there may be refusals too."""

    model: type[ScimUser | ScimGroup]
    resource_type: str
    key: str

    @property
    def serving(self) -> Serving:
        """One resource has few events."""
        return Serving.FEW if self.form.is_bound else Serving.ORDER

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what happened to it."""
        [text] = self.form.cleaned_data.values()
        named = self.model.objects.filter(**{self.key: fold(text)})
        # A short name may be a short id as well: either may be meant.
        ids = {parse(text, any_case=True), named.values_list("pk", flat=True).first()} - {None}
        wanted = Q(resource_key=ledger.key_of(text)) | Q(resource_id__in=ids)
        return queryset.filter(wanted, resource_type=self.resource_type)


class UserFilter(ResourceFilter):
    """By one user."""

    title = _("user")
    form_class = UserForm
    model, resource_type, key = ScimUser, "User", "user_name_key"


class GroupFilter(ResourceFilter):
    """By one group."""

    title = _("group")
    form_class = GroupForm
    model, resource_type, key = ScimGroup, "Group", "display_name_key"
