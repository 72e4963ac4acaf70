"""``manage.py purge_ledger``: remove what the ledger need not keep any longer."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from scim_provisioning import conf
from scim_provisioning.models import Exchange, ProvisioningEvent, RequestCount

BATCH = 1000
MOST_DAYS = 36_500


class Command(BaseCommand):
    """Remove events and counts, and sooner the recorded exchanges."""

    help = "Remove provisioning events, request counts and recorded exchanges that are old enough."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--days", type=int, help="the age; by default LEDGER_RETENTION_DAYS")
        parser.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove in small batches, so that nothing waits for it."""
        days = options["days"]
        days = conf.current().ledger_retention_days if days is None else days
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days has to be between 1 and {MOST_DAYS}.")
        now = timezone.now()
        end = now - timedelta(days=days)
        # What is kept for days is never kept for longer than the rest.
        recorded = now - timedelta(days=min(days, conf.current().exchange_retention_days))
        removed = {
            "events": self._purge(ProvisioningEvent.objects.filter(time__lt=end)),
            "counts": self._purge(RequestCount.objects.filter(minute__lt=end)),
            "exchanges": self._purge(Exchange.objects.filter(time__lt=recorded)),
        }
        told = "Removed {events} events, {counts} counts and {exchanges} recorded exchanges."
        told = told.format(**removed)
        self.stdout.write(json.dumps(removed) if options["json"] else told)

    @staticmethod
    def _purge(rows: Any) -> int:
        removed = 0
        with tqdm(total=rows.count(), unit="row", disable=not sys.stderr.isatty()) as bar:
            while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
                count, _ = rows.model.objects.filter(pk__in=keys).delete()
                removed += count
                bar.update(count)
        return removed
