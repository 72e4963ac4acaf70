"""Migrations take their time: an index over millions of rows is not done within a request's."""

from __future__ import annotations

from django.db import connections


def begin(using: str, **_: object) -> None:
    """Let statements run for as long as they need."""
    _run(using, "SET statement_timeout = 0")


def end(using: str, **_: object) -> None:
    """Bound them again as ``DATABASE_URL`` and its defaults have it."""
    _run(using, "RESET statement_timeout")


def _run(using: str, statement: str) -> None:
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute(statement)
