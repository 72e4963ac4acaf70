"""The id of the request in every line that is logged while it is answered, by any logger.

A site adds the filter to its handlers, and ``%(request_id)s`` to its format::

    "filters": {"request_id": {"()": "scim_provisioning.logs.RequestIdFilter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "filters": ["request_id"]}},
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from uuid import UUID

from django.core.signals import request_finished

_current: ContextVar[UUID | None] = ContextVar("scim_request_id", default=None)


class RequestIdFilter(logging.Filter):
    """Gives every record ``request_id``, as the client saw it; ``-`` outside a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.request_id = str(_current.get() or "-")
        return True


def begin(request_id: UUID) -> None:
    """Note whose lines follow in this thread, until the request is finished."""
    _current.set(request_id)


def _end(**_: object) -> None:
    # Not when the middleware is done: the body of an answer may still be made.
    _current.set(None)


request_finished.connect(_end, dispatch_uid="scim_provisioning.logs")
