"""``manage.py worker``: the portal's background work, in one process."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from onboarding.mail import outbox

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Run the tasks that wait, take up the mails that were left, and look again.

    Any number of workers may run; one that is killed leaves nothing undone.
    """

    help = "Run background tasks and send mails until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--interval", type=float, default=1.0, help="seconds between two looks (default 1)"
        )
        parser.add_argument("--once", action="store_true", help="look once, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until stopped."""
        while True:
            try:
                self._look()
            except DatabaseError:
                # It comes back, or somebody looks at the log.
                logger.exception("The database could not be asked for work")
            if options["once"]:
                return
            close_old_connections()
            time.sleep(options["interval"])

    @staticmethod
    def _look() -> None:
        call_command("db_worker", batch=True, startup_delay=False, reload=False, verbosity=0)
        outbox.sweep()
