"""What waits for a worker, and for how long: a worker that is gone shows here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from onboarding.mail import outbox


@dataclass(frozen=True, slots=True)
class Queue:
    """How many wait in a queue, and for how many seconds the oldest of them does."""

    name: str
    length: int
    seconds: float


def waiting() -> list[Queue]:
    """Return the queues; what is to be done later does not wait."""
    ready = DBTaskResult.objects.ready().order_by()
    tasks = ready.aggregate(length=Count("pk"), since=Min("enqueued_at"))
    return [_queue("tasks", **tasks), _queue("mails", *outbox.waiting())]


def _queue(name: str, length: int, since: datetime | None) -> Queue:
    seconds = (timezone.now() - since).total_seconds() if since else 0.0
    return Queue(name, length, max(seconds, 0.0))


class QueueCollector:
    """The queues as gauges, asked of the database when Prometheus asks."""

    def collect(self) -> Iterator[Any]:
        """Yield the two gauges."""
        # Only who serves /metrics needs the library.
        from prometheus_client.core import GaugeMetricFamily

        length = GaugeMetricFamily("portal_queue_length", "What waits", labels=["queue"])
        oldest = GaugeMetricFamily(
            "portal_queue_oldest_seconds", "How long the oldest has waited", labels=["queue"]
        )
        for queue in waiting():
            length.add_metric([queue.name], queue.length)
            oldest.add_metric([queue.name], queue.seconds)
        yield from (length, oldest)
