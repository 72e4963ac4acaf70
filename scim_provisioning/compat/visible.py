"""What the site's getters let one request see."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, Q, QuerySet, Value

from . import contract
from .calling import translated

GETTERS = (
    "GET_EXTRA_MODEL_FILTER_KWARGS_GETTER",
    "GET_EXTRA_MODEL_EXCLUDE_KWARGS_GETTER",
    "GET_QUERYSET_POST_PROCESSOR_GETTER",
)
NOBODY = Q(Value(False, output_field=BooleanField()))


@dataclass(frozen=True, slots=True)
class Visible:
    """The accounts of one kind that a request may see; ``rows`` is None where it is nobody."""

    key: Hashable
    rows: QuerySet[Any] | None
    field: str = "pk"

    def condition(self, path: str) -> Q:
        """Return whether the account whose key stands at a path is one of them."""
        if self.rows is None:
            return NOBODY
        place = path if self.field == "pk" else self.field if path == "pk" else f"{path}__name"
        return Q(**{f"{place}__in": self.rows.values(self.field)})


def seen(owner: str, request: Any) -> Visible | None:
    """Ask the site's getters; None where they leave everything."""
    if not any(map(contract.is_set, GETTERS)):
        return None
    model, utils = contract.model(owner), contract.utils
    with translated():
        wanted = utils.get_extra_model_filter_kwargs_getter(model)(request)
        unwanted = utils.get_extra_model_exclude_kwargs_getter(model)(request)
        rows = model._default_manager.filter(**wanted).exclude(**unwanted)
        rows = utils.get_queryset_post_processor_getter(model)(request, rows)
    if not isinstance(rows, QuerySet):
        rows = model._default_manager.filter(pk__in=[row.pk for row in rows])
    # Groups that stand beside Django's have its names.
    field = "name" if contract.is_separate(owner) else "pk"
    rows = rows if rows.query.is_sliced else rows.order_by()
    try:
        key = repr(rows.values(field).query.sql_with_params())
    except EmptyResultSet:
        return Visible("nobody", None)
    return Visible(key, rows, field)
