"""Several clients at once: real threads, each with a database connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection


def at_once(work: Callable[[Any], Any], arguments: Iterable[Any], workers: int = 8) -> list[Any]:
    """Return what work returns for each argument; the threads begin together."""
    given = list(arguments)
    workers = min(workers, len(given))

    def run(argument):
        try:
            return work(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers, initializer=Barrier(workers).wait) as pool:
        return list(pool.map(run, given))


def persistently(send):
    """Send again while the database is busy, as identity providers do on 503."""
    for _ in range(50):
        answer = send()
        if answer.status != 503:
            return answer
    return answer
