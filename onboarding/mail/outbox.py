"""The outbox: who may send a mail, when it is tried again, and what became of it.

An attempt claims the row and commits that before it talks to a server, so that two workers
never send one mail. Right before the last octets go out it commits *handed over*. A worker
that dies earlier leaves a claim that lapses, and the mail is sent by another one. One that
dies later has, as far as anybody can know, sent it: SMTP lets nobody ask. Such a mail is
marked uncertain and not sent again. What is promised is therefore *at most once*, and *once*
unless the process dies in the instant between that commit and the system call after it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.utils import make_msgid
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from onboarding import conf
from onboarding.models import MailState, OutboxMail, UserProfile

from . import handover, welcome

logger = logging.getLogger(__name__)

BATCH = 100
INACTIVE = "The account is not active."


class Superseded(Exception):
    """Another attempt took the mail over; this one must not go on."""


@transaction.atomic
def queue_welcome(user: Any) -> OutboxMail:
    """Put a user's welcome mail into the outbox, once."""
    sender = conf.current().site_url or ""
    mail, _ = OutboxMail.objects.get_or_create(
        key=f"welcome:{user.pk}",
        defaults={
            "user": user,
            "address": getattr(user, user.get_email_field_name(), "") or "",
            "message_id": make_msgid(domain=_host(sender)),
        },
    )
    UserProfile.objects.filter(user=user.pk, mail_wanted=True).update(mail_wanted=False)
    return mail


def _host(site_url: str) -> str:
    return site_url.partition("://")[2].partition(":")[0] or "localhost"


def sweep() -> dict[str, int]:
    """Take up what was left: send what is due; return how many mails went which way."""
    _give_up_unanswered()
    wanted = UserProfile.objects.filter(mail_wanted=True).select_related("user")
    for profile in wanted.order_by("pk")[:BATCH]:
        queue_welcome(profile.user)
    counts: dict[str, int] = {}
    keys = OutboxMail.objects.filter(_due(timezone.now())).order_by("next_try", "pk")
    for key in list(keys.values_list("pk", flat=True)[:BATCH]):
        if state := deliver(key):
            counts[state] = counts.get(state, 0) + 1
    return counts


def _give_up_unanswered() -> None:
    unanswered = OutboxMail.objects.filter(
        state=MailState.HANDED_OVER, claimed_until__lt=timezone.now()
    )
    error = "The worker ended after it had handed the mail over, before the server answered."
    if found := unanswered.update(state=MailState.UNCERTAIN, error=error):
        logger.warning("%s mails were handed over and never acknowledged", found)


def _due(now: datetime) -> Q:
    """Return which mails may be claimed: those that wait, and those whose attempt died."""
    waiting = Q(state=MailState.QUEUED, next_try__lte=now)
    return waiting | Q(state=MailState.SENDING, claimed_until__lt=now)


def deliver(mail_id: int) -> MailState | None:
    """Try to send a mail; return how far it came, None where it is not ours to send."""
    claim = uuid4()
    if not _claim(mail_id, claim):
        return None
    mail = OutboxMail.objects.select_related("user").get(pk=mail_id)
    try:
        return _send(mail, claim)
    except Superseded:
        logger.info("Mail %s was taken over by another worker", mail.key)
        return None


def _claim(mail_id: int, claim: UUID) -> bool:
    now = timezone.now()
    return bool(
        OutboxMail.objects.filter(_due(now), pk=mail_id).update(
            state=MailState.SENDING,
            claim=claim,
            claimed_until=now + _lease(),
            attempts=F("attempts") + 1,
        )
    )


def _lease() -> timedelta:
    return timedelta(seconds=conf.current().mail_lease)


def _send(mail: OutboxMail, claim: UUID) -> MailState:
    mine = partial(_move, mail.pk, claim)
    if not mail.user.is_active:
        return _later(mail, mine, INACTIVE)
    try:
        handover.send(
            welcome.message(mail),
            alive=lambda: mine(MailState.SENDING, claimed_until=timezone.now() + _lease()),
            last=lambda: mine(
                MailState.HANDED_OVER,
                claimed_until=timezone.now() + _lease() + handover.ANSWER_TIME,
            ),
        )
    except handover.Unanswered as error:
        return mine(MailState.UNCERTAIN, error=str(error))
    except handover.Refused as error:
        return mine(MailState.FAILED, error=str(error))
    except handover.Failed as error:
        return _later(mail, mine, str(error))
    return mine(MailState.SENT, sent=timezone.now(), error="")


def _later(mail: OutboxMail, mine: Any, error: str) -> MailState:
    pauses = conf.current().mail_pauses
    if mail.attempts > len(pauses):
        logger.error("Mail %s is given up: %s", mail.key, error)
        state: MailState = mine(MailState.FAILED, error=error)
        return state
    next_try = timezone.now() + timedelta(seconds=pauses[mail.attempts - 1])
    waiting: MailState = mine(MailState.QUEUED, error=error, next_try=next_try)
    return waiting


def _move(mail_id: int, claim: UUID, state: MailState, **values: Any) -> MailState:
    """Move a mail on; raise Superseded where another attempt holds it."""
    ours = OutboxMail.objects.filter(pk=mail_id, claim=claim)
    if not ours.update(state=state, **values):
        raise Superseded
    return state
