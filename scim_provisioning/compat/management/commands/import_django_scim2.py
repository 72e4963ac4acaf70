"""``manage.py import_django_scim2``: ids, external ids and groups of django-scim2 move over."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import cached_property
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from scim_provisioning.compat import checks
from scim_provisioning.models import Connection

OWNERS = ("user", "group")
COUNTED = {
    "added": "to be made",
    "ids": "with another id",
    "external_ids": "external ids to move",
    "owned": "to be given to the connection",
    "memberships": "memberships to copy",
    "without_id": "without an id of django-scim2",
}
NAMED = {
    "left_out": "left out",
    "named_otherwise": "named otherwise",
    "colliding": "whose name is another's but for case",
}


class Command(BaseCommand):
    """Look, tell what differs, then write; run it as often as you like."""

    help = "Move what django-scim2 knew of users and groups into SCIM rows, their ids included."

    @cached_property
    def moving(self) -> Any:
        """The work itself: it imports the package, once that is known to be there."""
        return import_module("scim_provisioning.compat.moving")

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="only tell what differs")
        parser.add_argument("--connection", help="the connection that external ids are of")
        parser.add_argument(
            "--renumber", action="store_true", help="give a new id where the old one is too long"
        )
        parser.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through everything twice: to tell, and to write."""
        if found := checks.problem():
            raise CommandError(found)
        connection = self._connection(options["connection"])
        renumber, quiet = options["renumber"], options["json"] or not options["verbosity"]
        try:
            reports = self._run(self.moving.Move(connection, renumber, False), "compared", options)
            if not quiet:
                self._tell(reports)
            if not options["dry_run"] and not all(r.is_clean for r in reports.values()):
                self._run(self.moving.Move(connection, renumber), "written", options)
        except DatabaseError as error:
            raise CommandError(f"The database refused: {str(error).splitlines()[0]}") from None
        if options["json"]:
            self.stdout.write(json.dumps({k: asdict(report) for k, report in reports.items()}))
        elif not quiet:
            self.stdout.write("Nothing was written." if options["dry_run"] else "Done.")

    def _connection(self, name: str | None) -> Connection | None:
        if name is not None:
            found = Connection.objects.filter(name=name).first()
            if found is None:
                raise CommandError(f"There is no connection {name!r}.")
            return found
        every = list(Connection.objects.all()[:2])
        if len(every) != 1 and self.moving.wants_connection():
            raise CommandError("Name the connection that the external ids are of: --connection.")
        return every[0] if len(every) == 1 else None

    def _run(self, move: Any, verb: str, options: dict[str, Any]) -> dict[str, Any]:
        silent = options["verbosity"] == 0 or not sys.stderr.isatty()
        reports = {owner: self.moving.Report() for owner in OWNERS}
        with tqdm(total=self.moving.total(), unit="row", desc=verb, disable=silent) as bar:
            for owner, report in reports.items():
                move.run(owner, report, bar.update)
        return reports

    def _tell(self, reports: dict[str, Any]) -> None:
        for owner, report in reports.items():
            counts = [
                f"{count} {words}"
                for name, words in COUNTED.items()
                if (count := getattr(report, name))
            ]
            self.stdout.write(f"{owner}s: {report.seen} seen, {', '.join(counts) or 'all there'}")
            for name, words in NAMED.items():
                for one in getattr(report, name):
                    self.stdout.write(f"  {words}: {one}")
