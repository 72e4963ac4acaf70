"""What load balancers and monitors ask: on the inside, by any host name, with or without TLS."""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from scim_provisioning.http.database import heal
from scim_provisioning.http.metrics import scrape

from .queues import Queue, QueueCollector, waiting


class ProbesMiddleware:
    """Answers them before the layers that care for hosts, TLS and sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a probe, and let everything else pass."""
        return PROBES.get(request.path, self.get_response)(request)


_migrated = False
"""Whether this process saw all its migrations applied: older code bears newer ones."""
_recorder = MigrationRecorder(connection)
"""What the database says is applied; it remembers that the table is there."""


def healthz(request: HttpRequest) -> JsonResponse:
    """Whether the process answers; no database is asked."""
    return JsonResponse({"status": "ok"})


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
    applied = _recorder.applied_migrations().keys()
    missing = sum(not _is_applied(migration, applied) for migration in _migrations())
    _migrated = missing == 0
    return missing


@cache
def _migrations() -> list[Migration]:
    """Return what is on disk, read once: anybody may ask, as often as they like."""
    return list(MigrationLoader(None).graph.nodes.values())


def _is_applied(migration: Migration, applied: Set[tuple[str, str]]) -> bool:
    """Whether a migration is applied; one that replaces others is where they are, as in Django."""
    names = migration.replaces or [(migration.app_label, migration.name)]
    return all(name in applied for name in names)


def metrics(request: HttpRequest) -> HttpResponse:
    """What was counted, and what waits, for Prometheus."""
    return scrape(request, QueueCollector())


PROBES = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
