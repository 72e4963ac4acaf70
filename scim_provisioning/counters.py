"""Requests that are counted, not written one by one: reads, and refusals of nobody known.

Each process counts in memory and writes its counts now and then, after an answer.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from datetime import datetime
from threading import Lock

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from . import conf
from .models import RequestCount

logger = logging.getLogger(__name__)

Key = tuple[datetime, int | None, str | None, str, int]
MOST_KEYS = 10_000
"""Addresses can be made up: beyond this many, they are counted as one."""

_counts: Counter[Key] = Counter()
_lock = Lock()
_flushed = time.monotonic()


def count(connection_id: int | None, address: str | None, method: str, status: int) -> None:
    """Count a request of a connection, or of an address where nobody is known."""
    minute = timezone.now().replace(second=0, microsecond=0)
    key: Key = (minute, connection_id, None if connection_id else address, method, status)
    with _lock:
        if key not in _counts and len(_counts) >= MOST_KEYS:
            key = (minute, connection_id, None, method, status)
        _counts[key] += 1


def flush_when_due() -> None:
    """Write the counts where that was not done lately."""
    if _counts and time.monotonic() - _flushed >= conf.current().counter_flush_seconds:
        flush()


def flush() -> None:
    """Write the counts; they are kept where the database does not take them."""
    global _flushed
    with _lock:
        taken = dict(_counts)
        _counts.clear()
        _flushed = time.monotonic()
    if not taken:
        return
    names = ("minute", "connection_id", "address", "method", "status")
    rows = [RequestCount(**dict(zip(names, key, strict=True)), count=n) for key, n in taken.items()]
    try:
        RequestCount.objects.bulk_create(rows)
    except (DatabaseError, InterfaceError):
        logger.warning("Request counts could not be written")
        with _lock:
            _counts.update(taken)


def forget() -> None:
    """Drop what is not written: for tests."""
    with _lock:
        _counts.clear()
