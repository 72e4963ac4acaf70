"""What a site's own code has a say in, one request at a time; without it nothing is asked.

An app that brings such code names its subclass of :class:`Host` by ``install`` in its
``ready()``.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from .context import Context
from .protocol.attributes import Json
from .protocol.errors import ScimError
from .protocol.projection import Projection


@dataclass(frozen=True, slots=True)
class Given:
    """One operation of a PATCH in standardised form, for ``op``, ``path`` and ``value``.

    ``refusal`` is what the client hears unless the site's code does it: the path is no
    attribute's. An operation that is ``tolerated`` may be left undone.
    """

    operation: dict[str, Json]
    refusal: ScimError | None = None
    tolerated: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """A create, a replacement or a modification that is done, its transaction still open.

    ``account`` is Django's user or group; ``document`` is what stands now, with what the
    client sent besides, its password left out; ``operations`` are those of a PATCH, else None.
    """

    owner: str
    account: Any
    scim_id: UUID
    created: bool
    document: dict[str, Json]
    operations: Sequence[Given] | None = None


class Host:
    """The site's own code as one request meets it; this one has nothing to say.

    ``owner`` is ``user`` or ``group`` everywhere. Any method may raise a ``ScimError``.
    """

    patches: frozenset[str] = frozenset()
    """The owners whose PATCH operations ``written`` is given, unknown paths included."""
    key: Hashable = None
    """What ``condition`` depends on: statements are compiled once for each."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @classmethod
    def public_url(cls, request: Any) -> str | None:
        """Return the scheme and host of every location, None to leave it to the settings."""
        return None

    @classmethod
    def describe(cls, document: dict[str, Json]) -> dict[str, Json]:
        """Return the ServiceProviderConfig as it is shown."""
        return document

    def condition(self, owner: str, path: str) -> Q:
        """Return which accounts, whose key stands at a path, the request may see."""
        return Q()

    def open(self, owner: str, key: Any) -> None:
        """Hear of one resource that the request reads or writes by its id."""

    @classmethod
    def identifier(cls, owner: str, account: Any) -> UUID | None:
        """Return the SCIM id of a new account, whoever makes it; None for a fresh one."""
        return None

    def written(self, write: Write) -> None:
        """Follow a write; what this changes of the account flows back and is answered."""

    def removes(self, owner: str, account: Any) -> bool:
        """Take an account out of use in the site's own way, or return False."""
        return False

    def present(
        self, owner: str, shown: Mapping[Any, dict[str, Json]], projection: Projection
    ) -> None:
        """Add to resources, by the key of their account, what the site shows besides."""


_installed: type[Host] = Host
_current: ContextVar[Host | None] = ContextVar("host", default=None)


def install(host: type[Host]) -> None:
    """Let a site's own code have its say from now on."""
    global _installed
    _installed = host


def installed() -> type[Host]:
    """Return the class of the site's own code."""
    return _installed


def enter(context: Context) -> None:
    """Let the site's own code meet a request; ``leave`` ends that."""
    if _installed is not Host:
        _current.set(_installed(context))


def leave() -> None:
    """The request is over."""
    _current.set(None)


def current() -> Host | None:
    """Return the site's own code, None where there is none or nobody asks by HTTP."""
    return _current.get()


def condition(owner: str | None, path: str) -> Q:
    """Return which accounts, whose key stands at a path, may be seen in this request."""
    host = _current.get()
    return host.condition(owner, path) if host and owner else Q()


def variant() -> tuple[str, Hashable]:
    """Return what a compiled statement depends on besides its own arguments."""
    host = _current.get()
    return connection.vendor, host.key if host else None
