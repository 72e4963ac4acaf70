"""What a load balancer asks."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse


def healthz(request: HttpRequest) -> JsonResponse:
    """Whether the process answers; no database is asked."""
    return JsonResponse({"status": "ok"})


@lru_cache(maxsize=1)
def _executor() -> MigrationExecutor:
    """Return what knows the migrations, read once: anybody may ask, and reading them is slow."""
    return MigrationExecutor(connection)


def readyz(request: HttpRequest) -> JsonResponse:
    """Whether requests can be served: the database answers, and its migrations are applied."""
    try:
        executor = _executor()
        applied: Any = executor.recorder.applied_migrations()
        executor.loader.applied_migrations = applied
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return JsonResponse({"status": "the database cannot be reached"}, status=503)
    if waiting:
        return JsonResponse({"status": f"{len(waiting)} migrations to apply"}, status=503)
    return JsonResponse({"status": "ok"})
