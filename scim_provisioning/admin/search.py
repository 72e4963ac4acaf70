"""Lists searched by what an index serves: the beginning of a folded name, or a whole id."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from scim_provisioning.protocol.fold import fold
from scim_provisioning.protocol.identifiers import parse

from .base import Page

NUL = "\0"
"""The character that no database looks for."""


class SearchForm(ChangeListSearchForm):
    """What is searched for, as it was typed: stock, a NUL is left out, and everything found."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SEARCH_VAR].validators = []


class SearchList(ChangeList):
    """A list whose search tells at its field what it cannot look for, and finds nothing."""

    search_form_class = SearchForm

    @property
    def search_error(self) -> Any:
        """What is wrong with the search; empty where nothing is."""
        return ProhibitNullCharactersValidator.message if NUL in self.query else ""


class SearchPage(Page):
    """A page searched by the beginning of a folded name, or by a whole id.

    The stock search compares ids as text, which no index serves.
    """

    prefix_field = ""
    id_fields: tuple[str, ...] = ("id",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Tell at the field what cannot be looked for."""
        return SearchList

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Show the search box."""
        return (self.prefix_field, *self.id_fields)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows found; no row twice."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if NUL in term:
            return queryset.none(), False
        found = Q(**{f"{self.prefix_field}__startswith": fold(term)})
        if (key := _uuid(term)) is not None:
            # Some identity providers use ids as names: either may be meant.
            for field in self.id_fields:
                found |= Q(**{field: key})
        return queryset.filter(found), False


def _uuid(text: str) -> UUID | None:
    try:
        return parse(text, any_case=True) or UUID(text)
    except ValueError:
        return None
