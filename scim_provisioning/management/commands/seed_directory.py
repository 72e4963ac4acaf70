"""``manage.py seed_directory``: a directory of any size to measure and try things with."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from scim_provisioning import connections
from scim_provisioning.directory import seeding
from scim_provisioning.models import Connection


class Command(BaseCommand):
    """Fill the directory with numbered users and groups; a second run adds what is missing."""

    help = "Fill the directory with test data, in bulk: numbered users, groups and one big group."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the sizes."""
        parser.add_argument("--users", type=int, required=True, help="how many users")
        parser.add_argument(
            "--groups", type=int, default=0, help="how many groups, the big one too"
        )
        parser.add_argument("--big-group", type=int, default=0, help="members of the big group")
        parser.add_argument(
            "--connection", default="default", help="who owns them; made if missing"
        )
        parser.add_argument(
            "--keep-brake",
            action="store_true",
            help="let the connection have its brake: else test data is disabled at will",
        )
        parser.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed and report."""
        plan = seeding.Plan(options["users"], options["groups"], options["big_group"])
        silent = options["verbosity"] == 0 or not sys.stderr.isatty()
        started = time.perf_counter()
        try:
            plan.check()
            made = connections.create_connection(options["connection"])
            if not options["keep_brake"]:
                Connection.objects.filter(pk=made.connection.pk).update(brake_people=0)
            with tqdm(total=plan.steps, unit="row", disable=silent, file=sys.stderr) as bar:
                seeded = seeding.seed(made.connection, plan, bar.update)
        except (connections.ConnectionProblem, seeding.SeedingProblem) as problem:
            raise CommandError(str(problem)) from None
        except DatabaseError as error:
            raise CommandError(f"The database refused: {str(error).splitlines()[0]}") from None
        self._report(options, made, seeded, time.perf_counter() - started)

    def _report(
        self,
        options: dict[str, Any],
        made: connections.CreatedConnection,
        seeded: seeding.Seeded,
        seconds: float,
    ) -> None:
        facts = {"base_url": connections.base_url(), "username": made.username, "token": made.token}
        if options["json"]:
            self.stdout.write(json.dumps({**asdict(seeded), "seconds": round(seconds, 1), **facts}))
        elif options["verbosity"]:
            self.stdout.write(
                f"Added {seeded.users} users, {seeded.groups} groups and {seeded.members} members "
                f"in {seconds:.1f} s."
            )
            if made.token:
                self.stdout.write(f"User name  {made.username}\nToken      {made.token}")
                self.stdout.write("The token is shown this once.")
