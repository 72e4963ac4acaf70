"""``manage.py onboarding_mail``: sends what waits in the outbox."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from onboarding.mail import outbox

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Take up the mails that are due; once, or for ever."""

    help = "Send the mails that are due, and those that a worker left behind."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--watch",
            type=float,
            metavar="SECONDS",
            help="go on, looking again after that many seconds",
        )
        parser.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep the outbox."""
        if options["watch"] is None:
            self._tell(outbox.sweep(), as_json=options["json"])
            return
        while True:
            try:
                if counts := outbox.sweep():
                    self._tell(counts, as_json=options["json"])
            except DatabaseError:
                # It comes back, or somebody looks at the log.
                logger.exception("The outbox could not be read")
            close_old_connections()
            time.sleep(options["watch"])

    def _tell(self, counts: dict[str, int], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(counts))
        else:
            parts = (f"{count} {state}" for state, count in sorted(counts.items()))
            self.stdout.write(", ".join(parts) or "Nothing was due.")
        self.stdout.flush()
