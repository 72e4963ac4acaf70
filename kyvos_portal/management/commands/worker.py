"""``manage.py worker``: the portal's background work, in one process."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils.crypto import get_random_string
from django_tasks_db.compat import DEFAULT_TASK_BACKEND_ALIAS, DEFAULT_TASK_QUEUE_NAME
from django_tasks_db.management.commands.db_worker import Worker

from onboarding.mail import outbox
from scim_provisioning import alerts

logger = logging.getLogger(__name__)

NAP = 0.2


class Command(BaseCommand):
    """Run the tasks that wait, take up the mails that were left, and look again.

    Any number of workers may run; one that is killed leaves nothing undone, and one that is
    told to stop (SIGTERM, Ctrl-C) finishes the task that it is at.
    """

    help = "Run background tasks and send mails until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--interval", type=float, default=1.0, help="seconds between two looks (default 1)"
        )
        parser.add_argument("--once", action="store_true", help="look once, then stop")
        parser.add_argument("--parent", type=int, help="stop when this parent process has ended")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until stopped."""
        self.parent: int | None = options["parent"]
        self.tasks = _tasks()
        with self._stopped_by_signals():
            while self._goes_on:
                try:
                    self._look()
                except DatabaseError:
                    # It comes back, or somebody looks at the log.
                    logger.exception("The database could not be asked for work")
                if options["once"]:
                    return
                close_old_connections()
                self._rest(options["interval"])

    @property
    def _goes_on(self) -> bool:
        return self.tasks.running and self.parent in (None, os.getppid())

    def _look(self) -> None:
        self.tasks.run()
        if self.tasks.running:
            outbox.sweep()
            alerts.sweep()

    def _rest(self, seconds: float) -> None:
        """Sleep in short naps: a signal ends none."""
        until = time.monotonic() + seconds
        while self._goes_on and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, NAP))

    @contextmanager
    def _stopped_by_signals(self) -> Iterator[None]:
        """Let the first signal end the work after the task at hand, and a second one at once."""
        kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

        def restore() -> None:
            for number, handler in kept.items():
                signal.signal(number, handler)

        def stop(*_: Any) -> None:
            self.tasks.running = False
            restore()

        for number in kept:
            signal.signal(number, stop)
        try:
            yield
        finally:
            restore()


def _tasks() -> Worker:
    """Return what runs tasks until none is left."""
    return Worker(
        queue_names=[DEFAULT_TASK_QUEUE_NAME],
        interval=0,
        batch=True,
        backend_name=DEFAULT_TASK_BACKEND_ALIAS,
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )
