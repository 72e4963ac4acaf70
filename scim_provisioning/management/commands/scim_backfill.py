"""``manage.py scim_backfill``: SCIM rows for every account, and those that drifted mended."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from scim_provisioning.directory import backfill


class Command(BaseCommand):
    """Fill in what is missing, mend what drifted; run it as often as you like."""

    help = "Make the SCIM rows of existing users and groups, and mend those that drifted."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--check", action="store_true", help="only report; exit 1 if anything is off"
        )
        parser.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through everything and report."""
        silent = options["verbosity"] == 0 or not sys.stderr.isatty()
        try:
            with tqdm(total=backfill.total(), unit="row", disable=silent, file=sys.stderr) as bar:
                report = backfill.run(mend=not options["check"], progress=bar.update)
        except DatabaseError as error:
            raise CommandError(f"The database refused: {str(error).splitlines()[0]}") from None
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report)))
        elif options["verbosity"]:
            self.stdout.write(self._told("users", report.users, check=options["check"]))
            self.stdout.write(self._told("groups", report.groups, check=options["check"]))
            if report.nesting:
                verb = "differ" if options["check"] else "mended"
                self.stdout.write(f"groups within groups: {report.nesting} {verb}")
        if options["check"] and not report.is_clean:
            sys.exit(1)

    def _told(self, kind: str, counts: backfill.Counts, *, check: bool) -> str:
        added, mended = ("without a row", "differ") if check else ("added", "mended")
        told = f"{kind}: {counts.added} {added}, {counts.drifted} {mended}"
        if counts.freed:
            told += f", {counts.freed} names no longer collide"
        if counts.revived:
            told += f", {counts.revived} {backfill.REVIVED} (see the findings)"
        return told
