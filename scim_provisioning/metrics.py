"""Counters and histograms for Prometheus, where its client is installed: else nothing happens.

Several processes are counted together by ``prometheus_client``'s multiprocess mode: set
``PROMETHEUS_MULTIPROC_DIR`` to a folder that is emptied before the server starts.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from . import conf

instruments: Any = None
FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if find_spec("prometheus_client"):
    if FOLDER:
        # The library opens its files at once, and commands come before any server.
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
    instruments = import_module("scim_provisioning.instruments")


def is_on() -> bool:
    """Whether anything is counted here."""
    return instruments is not None and conf.current().metrics


def answered(resource: str, method: str, status: int, seconds: float) -> None:
    """Count a request, and how long it took."""
    if is_on():
        instruments.REQUESTS.labels(resource, method, status).inc()
        instruments.DURATION.labels(resource, method).observe(seconds)


def written(connection: str, status: int) -> None:
    """Count a write by what became of it."""
    if is_on():
        outcome = "accepted" if status < 400 else "refused" if status < 500 else "failed"
        instruments.WRITES.labels(connection, outcome).inc()


def throttled(connection: str) -> None:
    """Count an answer of 429; nobody known has no name."""
    if is_on():
        instruments.THROTTLED.labels(connection).inc()


def unavailable() -> None:
    """Count a request that the database could not serve."""
    if is_on():
        instruments.UNAVAILABLE.inc()


def exposition(*collectors: Any) -> tuple[bytes, str]:
    """Return what Prometheus reads, of all processes, and its media type.

    ``collectors`` tell at this moment what is no process's own, such as how long a queue is.
    """
    client = import_module("prometheus_client")
    registry: Any = client.CollectorRegistry()
    if FOLDER:
        import_module("prometheus_client.multiprocess").MultiProcessCollector(registry)
    else:
        registry.register(client.REGISTRY)
    for collector in collectors:
        registry.register(collector)
    return client.generate_latest(registry), client.CONTENT_TYPE_LATEST
