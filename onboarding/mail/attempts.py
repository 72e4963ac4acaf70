"""Attempts to send a mail: one at a time, and what is known when one dies.

An attempt claims the row and commits that before it talks to a server, so that two workers
never send one mail. Right before the last octets go out it commits *handed over*. A worker
that dies earlier leaves a claim that lapses, and the mail is sent by another one. One that
dies later has, as far as anybody can know, sent it: SMTP lets nobody ask. Such a mail is
marked uncertain and not sent again.

What is promised is *at most once*, and *once* unless the process dies in the instant between
that commit and the octets: some tenths of a millisecond, since the commit does not wait for
PostgreSQL's disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connections, models, router, transaction
from django.db.models import F, Func, Q, Value
from django.utils import timezone

from onboarding import conf
from onboarding.models import MailState, OutboxMail

from .handover import ANSWER_TIME


class Superseded(Exception):
    """Another attempt took the mail over; this one must not go on."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A worker's claim on a mail; every step raises Superseded where another one holds it."""

    mail: OutboxMail
    claim: UUID

    def move(self, state: MailState, **values: Any) -> MailState:
        """Move the mail on and return its state."""
        ours = OutboxMail.objects.filter(pk=self.mail.pk, claim=self.claim)
        if not ours.update(state=state, **values):
            raise Superseded
        return state

    def renew(self) -> None:
        """Say that the attempt lives."""
        self.move(MailState.SENDING, claimed_until=timezone.now() + lease())

    def hand_over(self) -> None:
        """Say, and commit, that from now on the mail may be there."""
        with transaction.atomic(using=router.db_for_write(OutboxMail)):
            self._do_not_wait_for_the_disk()
            until = timezone.now() + lease() + ANSWER_TIME
            self.move(MailState.HANDED_OVER, claimed_until=until)

    def _do_not_wait_for_the_disk(self) -> None:
        """Let the commit return at once, on PostgreSQL: a crash of *it* may take it back."""
        if connections[router.db_for_write(OutboxMail)].vendor == "postgresql":
            setting = Func(
                Value("synchronous_commit"),
                Value("off"),
                Value(True),
                function="set_config",
                output_field=models.TextField(),
            )
            OutboxMail.objects.filter(pk=self.mail.pk).values_list(setting).first()


def claim(mail_id: int) -> Attempt | None:
    """Claim a mail that is due; return None where it is not, or another worker was faster."""
    key, now = uuid4(), timezone.now()
    claimed = OutboxMail.objects.filter(due(now), pk=mail_id).update(
        state=MailState.SENDING, claim=key, claimed_until=now + lease(), attempts=F("attempts") + 1
    )
    if not claimed:
        return None
    return Attempt(OutboxMail.objects.select_related("user").get(pk=mail_id), key)


def due(now: datetime) -> Q:
    """Return which mails may be claimed: those that wait, and those whose attempt died."""
    waiting = Q(state=MailState.QUEUED, next_try__lte=now)
    return waiting | Q(state=MailState.SENDING, claimed_until__lt=now)


def lease() -> timedelta:
    """Return how long nothing may be heard of an attempt."""
    return timedelta(seconds=conf.current().mail_lease)
