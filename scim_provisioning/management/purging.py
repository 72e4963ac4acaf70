"""Commands that remove what need not be kept any longer."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from tqdm import tqdm

from scim_provisioning import conf

BATCH = 1000
MOST_DAYS = 36_500


class PurgeCommand(BaseCommand):
    """Remove rows of some age in small batches, so that nothing waits for it."""

    told: str
    """What is said at the end, with the numbers by their names."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--days", type=int, help="the age; by default LEDGER_RETENTION_DAYS")
        parser.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove what is old, and tell how much that was."""
        days = options["days"]
        days = conf.current().ledger_retention_days if days is None else days
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days has to be between 1 and {MOST_DAYS}.")
        removed = {name: _purge(rows) for name, rows in self.old(timedelta(days=days)).items()}
        told = json.dumps(removed) if options["json"] else self.told.format(**removed)
        self.stdout.write(told)

    def old(self, age: timedelta) -> dict[str, QuerySet[Any]]:
        """Return what is older, by what it is called."""
        raise NotImplementedError


def _purge(rows: QuerySet[Any]) -> int:
    removed = 0
    with tqdm(total=rows.count(), unit="row", disable=not sys.stderr.isatty()) as bar:
        while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
            # Asked for once more, as somebody may have changed one meanwhile.
            count, _ = rows.filter(pk__in=keys).delete()
            removed += count
            bar.update(count)
    return removed
