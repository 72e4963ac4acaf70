"""What trouble with the database means to a client: try again, and nothing of its text."""

from __future__ import annotations

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connections,
)

from scim_provisioning import conf
from scim_provisioning.protocol.errors import Conflict, InvalidValue, ScimError, Unavailable

BUSY = "The database cannot be reached at the moment."


def translate(error: Exception) -> ScimError | None:
    """Return the SCIM error for an error of the database, None for anything else.

    Down, locked, read-only, full, out of connections and timed out are 503.
    """
    if isinstance(error, OperationalError | InterfaceError | InternalError):
        return Unavailable(BUSY, retry_after=conf.current().retry_after)
    if isinstance(error, IntegrityError):
        return Conflict()
    if isinstance(error, DataError):
        return InvalidValue("A value does not fit where it is kept.")
    if isinstance(error, ProgrammingError | NotSupportedError):
        # Our mistake, or a migration not applied: trying again does not help.
        return None
    if isinstance(error, DatabaseError):
        return Unavailable(BUSY, retry_after=conf.current().retry_after)
    return None


def heal() -> None:
    """Close the connections that broke, so that the next request gets new ones."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
