"""``manage.py purge_ledger``: remove what the ledger need not keep any longer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from scim_provisioning import conf
from scim_provisioning.management.purging import PurgeCommand
from scim_provisioning.models import Exchange, ProvisioningEvent, RequestCount


class Command(PurgeCommand):
    """Remove events and counts, and sooner the recorded exchanges."""

    help = "Remove provisioning events, request counts and recorded exchanges that are old enough."
    told = "Removed {events} events, {counts} counts and {exchanges} recorded exchanges."

    def old(self, age: timedelta) -> dict[str, QuerySet[Any]]:
        """Return what is old; what is kept for days is never kept for longer than the rest."""
        now = timezone.now()
        sooner = min(age, timedelta(days=conf.current().exchange_retention_days))
        return {
            "events": ProvisioningEvent.objects.filter(time__lt=now - age),
            "counts": RequestCount.objects.filter(minute__lt=now - age),
            "exchanges": Exchange.objects.filter(time__lt=now - sooner),
        }
