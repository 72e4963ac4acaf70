"""The administrator's pages: the stock Django admin, one module per kind of page."""

from __future__ import annotations

from . import connections, directory, events, findings, tokens

__all__ = ["connections", "directory", "events", "findings", "tokens"]
