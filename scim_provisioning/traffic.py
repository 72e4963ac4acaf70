"""How much arrives: requests and failures, from the ledger and from what is only counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import (
    Count,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from .models import Connection, ProvisioningEvent, RequestCount

LATELY = timedelta(hours=24)
FAILED = 400
"""The first status of a read that is a failure."""
REFUSED = 300
"""The first status of a write that was refused: an index has these, and needs no row for them."""
NOT_FOUND = 404
"""No failure of a read: identity providers look for what is not there."""


@dataclass(frozen=True, slots=True)
class Day:
    """The writes of one day."""

    day: date
    events: int
    failures: int


def with_traffic(connections: QuerySet[Connection]) -> QuerySet[Any]:
    """Annotate connections with the last day's traffic.

    ``requests`` and ``failures``; of these ``writes`` and ``refused``, with ``refused_since``.
    """
    since = timezone.now() - LATELY
    own = {"connection": OuterRef("pk")}
    counts = RequestCount.objects.filter(**own, minute__gte=since)
    failed = Q(status__gte=FAILED) & ~Q(status=NOT_FOUND)
    events = ProvisioningEvent.objects.filter(**own, time__gte=since)
    # An index of its own has the refused ones.
    refused = events.filter(status__gte=REFUSED)
    first = refused.order_by().values("connection").annotate(first=Min("time")).values("first")
    return connections.annotate(
        writes=_one(events, Count("pk")),
        refused=_one(refused, Count("pk")),
        refused_since=Subquery(first),
        requests=_one(counts, Sum("count")) + _one(events, Count("pk")),
        failures=_one(counts.filter(failed), Sum("count")) + _one(refused, Count("pk")),
    )


def _one(rows: QuerySet[Any], total: Any) -> Coalesce:
    """Return a total of the rows of one connection; 0 where there are none."""
    of_one = rows.order_by().values("connection").annotate(total=total).values("total")
    return Coalesce(Subquery(of_one, output_field=IntegerField()), 0)


def days(number: int) -> list[Day]:
    """Return the writes of each of the last days, today the last, by ranges of indexes.

    Days begin at midnight of the current time zone.
    """
    today = timezone.localdate()
    dates = [today - timedelta(days=back) for back in reversed(range(number))]
    events = _by_day(ProvisioningEvent.objects.all(), dates)
    failures = _by_day(ProvisioningEvent.objects.filter(status__gte=REFUSED), dates)
    return [Day(day, events[day], failures[day]) for day in dates]


def _by_day(rows: QuerySet[ProvisioningEvent], dates: list[date]) -> dict[date, int]:
    """Return how many rows each day has: as many counts of a range, in one statement."""
    counts = [
        rows.filter(time__gte=_midnight(day), time__lt=_midnight(day + timedelta(days=1)))
        .order_by()
        .annotate(number=Value(number))
        .values("number")
        .annotate(total=Count("pk"))
        .values_list("number", "total")
        for number, day in enumerate(dates)
    ]
    # Without the order of the model, which since Django 6.1 a union would want as a column.
    found = dict(counts[0].union(*counts[1:], all=True).order_by())
    return {day: found.get(number, 0) for number, day in enumerate(dates)}


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
