"""Requests that are counted, not written one by one: reads, and refusals of nobody known.

Each process counts in memory and writes its counts now and then, after an answer.
"""

from __future__ import annotations

import atexit
import logging
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from threading import Lock

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from . import conf
from .models import Connection, RequestCount

logger = logging.getLogger(__name__)

Key = tuple[datetime, int | None, str, str | None, str, int]
MOST_KEYS = 10_000
"""Addresses can be made up: beyond this many, they are counted as one."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "OTHER"
"""Methods can be made up too, of any length."""

_counts: Counter[Key] = Counter()
_lock = Lock()
_flushed = time.monotonic()


def count(
    connection_id: int | None,
    address: str | None,
    method: str,
    status: int,
    credential_key: str = "",
) -> None:
    """Count a request of a connection's credential, or of an address where nobody is known."""
    method = known_method(method)
    minute = timezone.now().replace(second=0, microsecond=0)
    known = None if connection_id else address
    key: Key = (minute, connection_id, credential_key, known, method, status)
    with _lock:
        if key not in _counts and len(_counts) >= MOST_KEYS:
            key = (minute, connection_id, credential_key, None, method, status)
        _counts[key] += 1


def known_method(method: str) -> str:
    """Return a method under which requests are counted."""
    return method if method in METHODS else OTHER


def flush_when_due() -> None:
    """Write the counts where that was not done lately."""
    if _counts and time.monotonic() - _flushed >= conf.current().counter_flush_seconds:
        flush()


def flush() -> None:
    """Write the counts; they are kept where the database cannot be reached."""
    global _flushed
    with _lock:
        taken = dict(_counts)
        _counts.clear()
        _flushed = time.monotonic()
    if not taken:
        return
    try:
        _write(taken)
    except (OperationalError, InterfaceError):
        logger.warning("Request counts could not be written")
        with _lock:
            _counts.update(taken)
    except DatabaseError:
        # What the database refuses once it refuses for ever: keeping it would block the rest.
        logger.warning("Request counts were refused", exc_info=True)


def _write(counts: dict[Key, int]) -> None:
    """Write counts, without those of connections that are gone by now."""
    named = {key[1] for key in counts if key[1] is not None}
    alive = set(Connection.objects.filter(pk__in=named).values_list("pk", flat=True))
    RequestCount.objects.bulk_create(
        RequestCount(
            minute=minute,
            connection_id=connection,
            credential_key=credential,
            address=address,
            method=method,
            status=status,
            count=number,
        )
        for (minute, connection, credential, address, method, status), number in counts.items()
        if connection is None or connection in alive
    )


def forget() -> None:
    """Drop what is not written: for tests."""
    with _lock:
        _counts.clear()


def _flush_at_exit() -> None:
    """Write what is left when a process ends; nobody is there any more to be told of a failure."""
    with suppress(Exception):
        flush()


atexit.register(_flush_at_exit)
