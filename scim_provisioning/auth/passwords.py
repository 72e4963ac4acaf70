"""The portal password in HTTP Basic: slow to check, so a success is remembered.

The memory is keyed by an HMAC over the user, the stored hash and what was presented:
a changed password misses it by construction, and it holds no password.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from functools import lru_cache
from threading import BoundedSemaphore, Lock
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection

from scim_provisioning import conf
from scim_provisioning.context import Principal
from scim_provisioning.protocol.errors import TooManyRequests, Unauthorized
from scim_provisioning.statements import Select, Slot

from . import throttle
from .principals import BOTH, connection_paths, principal

_KEY = secrets.token_bytes(32)
_HASHING = BoundedSemaphore(2)
MOST_REMEMBERED = 1024
MOST_WAITING = 5.0


class _Memory:
    """The successful checks of this process, each for a limited time."""

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = Lock()

    def knows(self, key: bytes) -> bool:
        """Whether the check succeeded lately."""
        with self._lock:
            return self._until.get(key, 0.0) > time.monotonic()

    def remember(self, key: bytes) -> None:
        """Remember a success; the oldest make room."""
        with self._lock:
            self._until[key] = time.monotonic() + conf.current().password_cache_seconds
            self._until.move_to_end(key)
            while len(self._until) > MOST_REMEMBERED:
                self._until.popitem(last=False)

    def forget(self) -> None:
        """Forget everything: for tests."""
        with self._lock:
            self._until.clear()


memory = _Memory()


@lru_cache(maxsize=4)
def _by_username(vendor: str) -> Select:
    model = get_user_model()
    rows = model._default_manager.filter(**{model.USERNAME_FIELD: Slot(0)})
    return Select(rows.values_list("pk", "password", "is_active", *connection_paths("")))


@lru_cache(maxsize=1)
def _dummy() -> str:
    return make_password(secrets.token_urlsafe())


def check(username: str, password: str, address: str | None) -> Principal:
    """Return the principal of a user name and password; raise Unauthorized or TooManyRequests."""
    rows = _by_username(connection.vendor).rows([username])
    pk, stored, is_active, *rest = rows[0] if rows else (None, _dummy(), False)
    key = hmac.digest(_KEY, f"{pk}\0{stored}\0{password}".encode(), "sha256")
    if not memory.knows(key):
        _check_slowly(username, password, stored, address)
        memory.remember(key)
    if pk is None or not is_active:
        raise Unauthorized
    return principal(pk, username, "password", "password", BOTH, rest)


def _check_slowly(username: str, password: str, stored: str, address: str | None) -> None:
    """Hash once, whoever asks: throttled before, and at most two at once."""
    throttle.check(address, username)
    if not _HASHING.acquire(timeout=MOST_WAITING):
        raise TooManyRequests(retry_after=int(MOST_WAITING))
    try:
        # Those that waited together passed the first look before any of them had failed.
        throttle.check(address, username)
        is_right = _hash(password, stored)
    finally:
        _HASHING.release()
    if not is_right:
        throttle.fail(address, username)
        raise Unauthorized


def _hash(password: str, stored: Any) -> bool:
    # An unusable password is compared with a dummy: the time tells nothing.
    usable = isinstance(stored, str) and not stored.startswith("!")
    right = check_password(password, stored if usable else _dummy())
    return usable and right
