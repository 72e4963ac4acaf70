"""``manage.py purge_ledger``: remove what the ledger and its kin need not keep any longer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from scim_provisioning import conf
from scim_provisioning.directory import decisions
from scim_provisioning.management.purging import PurgeCommand
from scim_provisioning.models import (
    Candidate,
    Connection,
    Decision,
    Exchange,
    ProvisioningEvent,
    RequestCount,
)

SETTLED = Q(user=None) | Q(user__connection=F("connection")) | Q(user__deleted__isnull=False)
"""Of a decision: its account is the connection's by now, or gone."""


class Command(PurgeCommand):
    """Remove events and counts, and sooner the recorded exchanges and the import previews.

    A decision that a write may still have to carry out stays, however old it is.
    """

    help = (
        "Remove provisioning events, request counts, recorded exchanges and people of import"
        " previews that are old enough."
    )
    told = (
        "Removed {events} events, {counts} counts, {exchanges} recorded exchanges, and of import"
        " previews {undecided} undecided people and {settled} whose decision is carried out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove what is old, and let connections without decisions ask for none."""
        super().handle(*args, **options)
        for connection in Connection.objects.filter(has_decisions=True):
            decisions.note(connection)

    def old(self, age: timedelta) -> dict[str, QuerySet[Any]]:
        """Return what is old; what is kept for days is never kept for longer than the rest."""
        now, settings = timezone.now(), conf.current()
        sooner = min(age, timedelta(days=settings.exchange_retention_days))
        previewed = now - min(age, timedelta(days=settings.preview_retention_days))
        people = Candidate.objects.all()
        return {
            "events": ProvisioningEvent.objects.filter(time__lt=now - age),
            "counts": RequestCount.objects.filter(minute__lt=now - age),
            "exchanges": Exchange.objects.filter(time__lt=now - sooner),
            "undecided": people.filter(decision=Decision.OPEN, created__lt=previewed),
            "settled": people.filter(SETTLED, decided__lt=previewed),
        }
