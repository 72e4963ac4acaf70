"""Signed-in sessions: how they began, and what ends them.

A session keeps its start; it is compared with the account's ``credentials_valid_after`` at
every request, so that ending access is one write and reactivation revives nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from kyvos_portal.layers import ForPages

from .models import Identity
from .rule import Origin, Way, judge

KEY = "sign-in"


@dataclass(frozen=True, slots=True)
class SignIn:
    """How an account was recognised; a backend leaves it on the user as ``sign_in``."""

    way: Way
    provider: str = ""
    identity: Identity | None = None


def begin(request: HttpRequest, user: Any, sign_in: SignIn) -> None:
    """Write into a fresh session how and when it began."""
    row = getattr(user, "scim", None)
    request.session[KEY] = {
        "at": timezone.now().isoformat(),
        "way": sign_in.way.value,
        "origin": sign_in.identity.origin if sign_in.identity else None,
        "connection": row.connection_id if row is not None else None,
    }


def stands(user: Any, facts: object) -> bool:
    """Whether a session that began like this still opens pages to this account."""
    if not isinstance(facts, Mapping):
        return False
    row = getattr(user, "scim", None)
    started = datetime.fromisoformat(facts["at"])
    if timezone.now() - started > timedelta(seconds=settings.SESSION_COOKIE_AGE):
        return False
    origin = Origin(facts["origin"]) if facts["origin"] else None
    if judge(user, Way(facts["way"]), origin=origin, is_named=True) is not None:
        return False
    if row is None:
        return True
    if origin is Origin.MATCH and row.connection_id != facts["connection"]:
        return False
    ended = row.credentials_valid_after
    return ended is None or started > ended


def signed_in_user(request: HttpRequest) -> Any:
    """Return who a request's session belongs to; a session that has ended is emptied."""
    user = get_user(request)
    if user.is_authenticated and not stands(user, request.session.get(KEY)):
        request.session.flush()
        return AnonymousUser()
    return user


class SignedInMiddleware(ForPages, AuthenticationMiddleware):
    """Django's own, for which a session that has ended is nobody's."""

    def process_request(self, request: HttpRequest) -> None:
        """Put the user on the request, looked up when first asked for."""
        super().process_request(request)
        user: Any = SimpleLazyObject(lambda: _remembered(request))
        request.user = user
        request.auser = partial(sync_to_async(_remembered), request)


def _remembered(request: Any) -> Any:
    if not hasattr(request, "_signed_in_user"):
        request._signed_in_user = signed_in_user(request)
    return request._signed_in_user
