"""How much arrives: requests and failures, from the ledger and from what is only counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from .models import Connection, ProvisioningEvent, RequestCount

LATELY = timedelta(hours=24)
FAILED = 400
"""The first status that is a failure."""


def with_traffic(connections: QuerySet[Connection]) -> QuerySet[Any]:
    """Annotate connections with the last day's ``requests`` and ``failures``."""
    since = timezone.now() - LATELY
    own = {"connection": OuterRef("pk")}
    counts = RequestCount.objects.filter(**own, minute__gte=since)
    events = ProvisioningEvent.objects.filter(**own, time__gte=since)
    failed = Q(status__gte=FAILED)
    return connections.annotate(
        requests=_one(counts, Sum("count")) + _one(events, Count("pk")),
        failures=_one(counts, Sum("count", filter=failed))
        + _one(events, Count("pk", filter=failed)),
    )


def _one(rows: QuerySet[Any], total: Any) -> Coalesce:
    """Return a total of the rows of one connection; 0 where there are none."""
    of_one = rows.order_by().values("connection").annotate(total=total).values("total")
    return Coalesce(Subquery(of_one, output_field=IntegerField()), 0)
