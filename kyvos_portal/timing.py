"""``Server-Timing``: how long a request took and how many statements it ran, for measuring."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


class _Meter:
    def __init__(self) -> None:
        self.statements = 0
        self.seconds = 0.0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - started
            self.statements += not sql.startswith(NOT_COUNTED)


class ServerTimingMiddleware:
    """Adds the header; installed only where ``SERVER_TIMING`` is on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and tell what it took."""
        meter, started = _Meter(), time.perf_counter()
        with connection.execute_wrapper(meter):
            response = self.get_response(request)
        total, db = (time.perf_counter() - started) * 1000, meter.seconds * 1000
        response["Server-Timing"] = (
            f'app;dur={total:.2f}, db;dur={db:.2f};desc="{meter.statements} queries"'
        )
        return response
