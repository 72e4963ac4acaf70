"""What a load balancer and a monitor ask."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from scim_provisioning.http.database import heal
from scim_provisioning.http.metrics import scrape

from .queues import Queue, QueueCollector, waiting

_migrated = False
"""Whether this process saw all its migrations applied: older code bears newer ones."""


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Whether the process answers; no database is asked."""
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether requests can be served: the database answers, and its migrations are applied.

    How long work has waited is told; it is a reason to refuse where ``READY_MAX_WAIT`` is set.
    """
    try:
        if missing := _missing_migrations():
            return _answer(f"{missing} migrations to apply")
        queues = waiting()
    except (DatabaseError, InterfaceError):
        heal()
        return _answer("the database cannot be reached")
    longest = max(queue.seconds for queue in queues)
    if settings.READY_MAX_WAIT and longest > settings.READY_MAX_WAIT:
        return _answer("no worker takes what waits", queues)
    return _answer("ok", queues)


def _answer(status: str, queues: list[Queue] | None = None) -> JsonResponse:
    told: dict[str, Any] = {"status": status}
    for queue in queues or ():
        told[queue.name] = {"waiting": queue.length, "oldest_seconds": round(queue.seconds)}
    return JsonResponse(told, status=200 if status == "ok" else 503)


def _missing_migrations() -> int:
    """Return how many migrations are to be applied; once none is, that is not asked again."""
    global _migrated
    if _migrated:
        return 0
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    _migrated = missing == 0
    return missing


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """What was counted, and what waits, for Prometheus."""
    return scrape(request, QueueCollector())
