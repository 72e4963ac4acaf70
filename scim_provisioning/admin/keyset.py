"""Pages of the ledger by place instead of number: each costs the same, however many events.

Nothing is counted, and nothing skipped over. Filters that no index serves look through a
bounded number of events for each page, and say how far they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from .search import SearchList

BEFORE, AFTER = "before", "after"
NEWEST_FIRST, OLDEST_FIRST = ("-time", "-id"), ("time", "id")
WINDOW = 50_000
"""Events that are looked through for a page where no index serves the filters."""
BATCH = 2000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Serving(Enum):
    """What an index does for a filter as it is set."""

    FEW = "finds few events, whatever else is asked"
    ORDER = "has the events in order"
    NOTHING = "nothing: events are looked at one by one"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands in the ledger."""

    time: datetime
    id: int

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Return the place that a query string names, None where it names none."""
        moment, _, key = text.partition(".")
        if not (key.isascii() and key.isdigit() and moment.isascii() and moment.isdigit()):
            return None
        try:
            return cls(EPOCH + int(moment) * MICROSECOND, min(int(key), 2**63 - 1))
        except (OverflowError, ValueError):
            return None

    def __str__(self) -> str:
        return f"{(self.time - EPOCH) // MICROSECOND}.{self.id}"

    def onwards(
        self, rows: QuerySet[Any], *, newer: bool, inclusive: bool = False
    ) -> QuerySet[Any]:
        """Return the rows on one side of the place; ranges of an index, not skipped rows."""
        side, equal = ("gt" if newer else "lt"), ("e" if inclusive else "")
        beyond = Q(**{f"time__{side}": self.time}) | Q(**{f"id__{side}{equal}": self.id})
        return rows.filter(beyond, **{f"time__{side}e": self.time})


@dataclass(frozen=True, slots=True)
class Page:
    """A page of events, newest first, and the places of its neighbours."""

    rows: list[Any]
    newer: Place | None
    older: Place | None
    looked_to: datetime | None = None
    """How far was looked, where that ended before the page was full."""


def place_of(row: Any) -> Place:
    """Return where an event stands."""
    return Place(row.time, row.pk)


def newest(rows: QuerySet[Any], size: int, window: QuerySet[Any] | None = None) -> Page:
    """Return the first page; ``window`` are the rows of which some number is looked through."""
    return older_than(None, rows, size, window)


def older_than(
    start: Place | None, rows: QuerySet[Any], size: int, window: QuerySet[Any] | None = None
) -> Page:
    """Return the page behind a place, or the first."""
    found, end = _side(start, rows, size, window, newer=False)
    kept = found[:size]
    newer = start and (place_of(kept[0]) if kept else start)
    if len(found) > size:
        return Page(kept, newer, place_of(kept[-1]))
    return Page(kept, newer, end, end.time if end else None)


def newer_than(
    start: Place, rows: QuerySet[Any], size: int, window: QuerySet[Any] | None = None
) -> Page:
    """Return the page before a place; the first, full, where little is left."""
    found, end = _side(start, rows, size, window, newer=True)
    if len(found) <= size and end is None:
        return newest(rows, size, window)
    kept = found[:size][::-1]
    older = place_of(kept[-1]) if kept else start
    if len(found) > size:
        return Page(kept, place_of(kept[0]), older)
    return Page(kept, end, older, end.time if end else None)


def _side(
    start: Place | None,
    rows: QuerySet[Any],
    size: int,
    window: QuerySet[Any] | None,
    *,
    newer: bool,
) -> tuple[list[Any], Place | None]:
    """Return one row more than a page on one side, and the end of the window where it ended."""
    order = OLDEST_FIRST if newer else NEWEST_FIRST
    rows = rows.order_by(*order)
    end = None
    if window is not None:
        end = _end(start, window.order_by(*order), newer=newer)
    if start is not None:
        rows = start.onwards(rows, newer=newer)
    if end is not None:
        rows = end.onwards(rows, newer=not newer, inclusive=True)
    return list(rows[: size + 1]), end


def _end(start: Place | None, window: QuerySet[Any], *, newer: bool) -> Place | None:
    if start is not None:
        window = start.onwards(window, newer=newer)
    last = window.values_list("time", "pk")[WINDOW - 1 : WINDOW].first()
    return Place(*last) if last else None


def batches(rows: QuerySet[Any], names: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
    """Yield values of all rows, newest first, a batch per statement: no cursor stays open."""
    rows, start = rows.order_by(*NEWEST_FIRST).values("time", "id", *names), None
    while batch := list((start.onwards(rows, newer=False) if start else rows)[:BATCH]):
        yield batch
        start = Place(batch[-1]["time"], batch[-1]["id"])


class KeysetList(SearchList):
    """The admin's list of rows, by place."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """Take the place out of the query string: it is no filter."""
        places = [self._taken(name) for name in (BEFORE, AFTER)]
        self._before, self._after = (Place.read(text) if text else None for text in places)
        return super().get_queryset(request, *args, **kwargs)

    def _taken(self, name: str) -> str:
        self.filter_params.pop(name, None)
        return str(self.params.pop(name, ""))

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Newest first, whatever the query string says."""
        return list(NEWEST_FIRST)

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, and what the stock templates ask for."""
        size, window = self.list_per_page, self._window(request)
        if self._after is not None:
            self.page = newer_than(self._after, self.queryset, size, window)
        else:
            self.page = older_than(self._before, self.queryset, size, window)
        self.result_list = self.page.rows
        self.result_count = self.full_result_count = len(self.page.rows)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = False
        self.paginator = Paginator(self.page.rows, size)

    def _window(self, request: HttpRequest) -> QuerySet[Any] | None:
        """Return the events that are looked through, None where an index finds the right ones."""
        serving = [getattr(spec, "serving", Serving.ORDER) for spec in self.filter_specs]
        if self.query or Serving.FEW in serving or Serving.NOTHING not in serving:
            return None
        rows = self.root_queryset
        for spec, index in zip(self.filter_specs, serving, strict=True):
            found = spec.queryset(request, rows) if index is Serving.ORDER else None
            rows = rows if found is None else found
        return rows

    def _url(self, name: str, place: Place | None) -> str | None:
        return self.get_query_string({name: str(place)}) if place else None

    @property
    def newest_url(self) -> str | None:
        """The first page, from any other."""
        return self.get_query_string() if self.page.newer else None

    @property
    def newer_url(self) -> str | None:
        """The page before."""
        return self._url(AFTER, self.page.newer)

    @property
    def older_url(self) -> str | None:
        """The page behind."""
        return self._url(BEFORE, self.page.older)
