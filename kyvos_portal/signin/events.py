"""The record of sign-ins, and what refused people are told: the same, whatever the reason."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scim_provisioning.http.limits import client_address

from .models import SignInEvent
from .rule import Reason, Way

logger = logging.getLogger(__name__)


class Refused(PermissionDenied):
    """A sign-in that is refused; only the record tells why."""

    def __init__(self, reason: Reason, detail: str = "", *, user: Any = None) -> None:
        super().__init__(reason.value)
        self.reason, self.detail, self.user = reason, detail, user


def record(
    request: HttpRequest,
    way: Way,
    *,
    user: Any = None,
    provider: str = "",
    subject: str = "",
    refusal: Refused | None = None,
) -> None:
    """Write one attempt down."""
    SignInEvent.objects.create(
        user=user,
        way=way,
        provider=provider[:200],
        subject=_printable(subject)[:500],
        reason=refusal.reason if refusal else "",
        detail=_printable(refusal.detail)[:500] if refusal else "",
        address=client_address(request),
        request_id=getattr(request, "scim_request_id", None),
    )


def refuse(
    request: HttpRequest, way: Way, refusal: Refused, *, provider: str = "", subject: str = ""
) -> HttpResponse:
    """Record a refusal, and return the page that is the same for everybody.

    Whoever sends too many is not written down: that would be what they could fill a disk with.
    """
    logger.info("A sign-in by %s was refused: %s", way.value, refusal.reason.value)
    status = 429 if refusal.reason is Reason.THROTTLED else 403
    if status == 403:
        record(request, way, user=refusal.user, provider=provider, subject=subject, refusal=refusal)
    response = render(request, "signin/refused.html", {"way": way.label}, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
