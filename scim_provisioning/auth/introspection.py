"""Opaque tokens of an external issuer: the issuer is asked what they are (RFC 7662).

Only where an application has it switched on. An answer is remembered for a minute at most,
by the digest of the token; what it says is measured anew on each request, as a JWT's claims
are. Only ``iss`` may be missing: it is the issuer's own endpoint that answers.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from threading import BoundedSemaphore, Lock
from typing import Any

from scim_provisioning import outbound
from scim_provisioning.context import Principal
from scim_provisioning.encryption import KeyMissing
from scim_provisioning.models import OIDCApplication
from scim_provisioning.outbound import OutboundError
from scim_provisioning.protocol.errors import Unauthorized, Unavailable

from . import terms, throttle, token_checks
from .client_credentials import acts_as, logger
from .compact import Refused
from .terms import Found
from .token_checks import Presented

REMEMBERED = 60.0
MOST_REMEMBERED = 1024
REALM = "introspection"
"""Guesses of tokens are counted apart from those of passwords."""
COOL_DOWN = 30.0
"""Seconds that an issuer which did not answer is left alone."""
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,2048}=*")
"""RFC 6750 section 2.1."""
CHECKS = (
    token_checks.audience,
    token_checks.client,
    token_checks.times,
    token_checks.no_id_token,
    token_checks.no_users_token,
    token_checks.tenant,
    token_checks.scope,
    token_checks.acting_user,
)
_ASKING = BoundedSemaphore(2)
"""An anonymous client can make us ask: never more than this at once."""

Claims = dict[str, Any]


class _Memory:
    """What issuers said lately: claims, or None for a token that is not active."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, tuple[float, Claims | None]] = OrderedDict()
        self._down: dict[int, float] = {}
        self._lock = Lock()

    def get(self, key: str) -> tuple[Claims | None] | None:
        """Return what was said, in a tuple; None where nothing is remembered."""
        with self._lock:
            until, claims = self._answers.get(key, (0.0, None))
            return (claims,) if until > time.monotonic() else None

    def put(self, key: str, claims: Claims | None) -> None:
        """Remember an answer; the oldest make room."""
        with self._lock:
            self._answers[key] = (time.monotonic() + REMEMBERED, claims)
            self._answers.move_to_end(key)
            while len(self._answers) > MOST_REMEMBERED:
                self._answers.popitem(last=False)

    def is_down(self, pk: int) -> bool:
        """Whether an application's issuer did not answer a moment ago."""
        return self._down.get(pk, 0.0) > time.monotonic()

    def set_down(self, pk: int) -> None:
        """Leave an application's issuer alone for a while."""
        self._down[pk] = time.monotonic() + COOL_DOWN

    def forget(self) -> None:
        """Forget everything: for tests."""
        self._answers.clear()
        self._down.clear()


memory = _Memory()


def check(token: str, address: str | None) -> Principal:
    """Return the principal of an opaque token.

    Raises Unauthorized, TooManyRequests where an address sent too many unknown ones, or
    Unavailable while an issuer cannot be asked.
    """
    trouble: Unavailable | None = None
    for found in terms.introspecting() if TOKEN.fullmatch(token) else ():
        try:
            claims = _claims(found, token, address)
        except Unavailable as problem:
            # The others' clients go on; whether it was one of this issuer's nobody can tell.
            trouble = problem
            continue
        if claims is not None:
            presented = Presented(token, claims=claims, found=found)
            # Its issuer may know it, and it be that of another application.
            if _counts(presented):
                return acts_as(presented)
    raise trouble or Unauthorized


def _counts(presented: Presented) -> bool:
    """Whether the claims are those of a token of the application."""
    assert presented.found is not None
    presented.claims.setdefault("iss", presented.terms.issuer)
    for ask in (token_checks.issuer, *CHECKS):
        try:
            ask(presented)
        except Refused:
            logger.info("A token of %s was refused: %s", presented.found.name, ask.__name__)
            return False
    return True


def _claims(found: Found, token: str, address: str | None) -> Claims | None:
    """Return what the issuer says of a token: remembered, or asked for now."""
    key = f"{found.pk}:{hashlib.sha256(token.encode()).hexdigest()}"
    if known := memory.get(key):
        return known[0]
    throttle.check(address, None, realm=REALM)
    if memory.is_down(found.pk) or not _ASKING.acquire(timeout=1):
        raise Unavailable("The issuer cannot be asked.", retry_after=int(COOL_DOWN))
    try:
        claims = _ask(found, token)
    finally:
        _ASKING.release()
    memory.put(key, claims)
    if claims is None:
        throttle.fail(address, None, realm=REALM)
    return claims


def _ask(found: Found, token: str) -> Claims | None:
    row = OIDCApplication.objects.get(pk=found.pk)
    form = {"token": token, "token_type_hint": "access_token"}
    try:
        reply = outbound.post(row.introspection_endpoint, form, (row.client_id, row.client_secret))
        answer = reply.json() if reply.status == 200 else None
    except (OutboundError, KeyMissing) as problem:
        logger.warning("The issuer of %s was not asked: %s", row.name, problem)
        answer = None
    if answer is None:
        memory.set_down(found.pk)
        raise Unavailable("The issuer cannot be asked.", retry_after=int(COOL_DOWN))
    return answer if answer.get("active") is True else None
