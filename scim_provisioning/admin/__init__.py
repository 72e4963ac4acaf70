"""The administrator's pages: the stock Django admin, one module per kind of page."""

from __future__ import annotations

from . import (
    applications,
    attributes,
    connections,
    directory,
    events,
    exchanges,
    findings,
    overview,
    tokens,
    workloads,
)

__all__ = [
    "applications",
    "attributes",
    "connections",
    "directory",
    "events",
    "exchanges",
    "findings",
    "overview",
    "tokens",
    "workloads",
]
