"""The outbox: what waits in it, when it is tried again, and what became of it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.utils import make_msgid
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Count, Min
from django.utils import timezone

from onboarding import conf
from onboarding.models import MailState, OutboxMail, UserProfile

from . import handover, welcome
from .attempts import Attempt, Superseded, claim, due

logger = logging.getLogger(__name__)

BATCH = 100
INACTIVE = "The account is not active."


@transaction.atomic
def queue_welcome(user: Any) -> OutboxMail:
    """Put a user's welcome mail into the outbox, once."""
    mail, _ = OutboxMail.objects.get_or_create(
        key=f"welcome:{user.pk}",
        defaults={
            "user": user,
            "address": getattr(user, user.get_email_field_name(), "") or "",
            "message_id": make_msgid(domain=_host(conf.current().site_url or "")),
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
    keys = OutboxMail.objects.filter(due(timezone.now())).order_by("next_try", "pk")
    for key in list(keys.values_list("pk", flat=True)[:BATCH]):
        if state := deliver(key):
            counts[state] = counts.get(state, 0) + 1
    return counts


def waiting() -> tuple[int, datetime | None]:
    """Return how many mails are due and not taken up, and since when the oldest is."""
    rows = OutboxMail.objects.filter(due(timezone.now())).order_by()
    found = rows.aggregate(length=Count("pk"), since=Min("next_try"))
    return found["length"], found["since"]


def _give_up_unanswered() -> None:
    unanswered = OutboxMail.objects.filter(
        state=MailState.HANDED_OVER, claimed_until__lt=timezone.now()
    )
    error = "The worker ended after it had handed the mail over, before the server answered."
    if found := unanswered.update(state=MailState.UNCERTAIN, error=error):
        logger.warning("%s mails were handed over and never acknowledged", found)


def deliver(mail_id: int) -> MailState | None:
    """Try to send a mail; return how far it came, None where it is not ours to send."""
    attempt = claim(mail_id)
    if attempt is None:
        return None
    try:
        return _try(attempt)
    except Superseded:
        logger.info("Mail %s was taken over by another worker", attempt.mail.key)
        return None


def _try(attempt: Attempt) -> MailState:
    if not attempt.mail.user.is_active:
        return _later(attempt, INACTIVE)
    try:
        message = welcome.message(attempt.mail)
    except Exception as error:
        # A site's template, whatever is wrong with it: other mails must not wait for it.
        logger.exception("Mail %s cannot be written", attempt.mail.key)
        return _later(attempt, f"The mail cannot be written: {error}")
    return _send(attempt, message)


def _send(attempt: Attempt, message: EmailMultiAlternatives) -> MailState:
    """Hand a mail over, and write down what became of it."""
    try:
        handover.send(message, alive=attempt.renew, last=attempt.hand_over)
    except handover.Unanswered as error:
        return attempt.move(MailState.UNCERTAIN, error=str(error))
    except handover.Refused as error:
        return attempt.move(MailState.FAILED, error=str(error))
    except handover.Failed as error:
        return _later(attempt, str(error))
    return attempt.move(MailState.SENT, sent=timezone.now(), error="")


def _later(attempt: Attempt, error: str) -> MailState:
    pauses = conf.current().mail_pauses
    number = attempt.mail.attempts
    if number > len(pauses):
        logger.error("Mail %s is given up: %s", attempt.mail.key, error)
        return attempt.move(MailState.FAILED, error=error)
    next_try = timezone.now() + timedelta(seconds=pauses[number - 1])
    return attempt.move(MailState.QUEUED, error=error, next_try=next_try)
