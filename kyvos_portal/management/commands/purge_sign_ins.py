"""``manage.py purge_sign_ins``: remove the records of sign-ins that need not be kept."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from kyvos_portal.signin.models import SignInEvent
from scim_provisioning import conf

BATCH = 1000
MOST_DAYS = 36_500


class Command(BaseCommand):
    """Remove sign-ins that are older than the retention of the ledger."""

    help = "Remove records of sign-ins older than the retention."

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
        old = SignInEvent.objects.filter(time__lt=timezone.now() - timedelta(days=days))
        removed = 0
        while keys := list(old.values_list("pk", flat=True)[:BATCH]):
            removed += SignInEvent.objects.filter(pk__in=keys).delete()[0]
        told = f"Removed {removed} sign-ins."
        self.stdout.write(json.dumps({"sign_ins": removed}) if options["json"] else told)
