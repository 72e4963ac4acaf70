"""``manage.py scim_backfill``: SCIM rows for every account, and those that drifted mended."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
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
        """Go through everything."""
        silent = not sys.stderr.isatty() or options["verbosity"] == 0
        with tqdm(total=backfill.total(), unit="row", disable=silent) as bar:
            report = backfill.run(mend=not options["check"], progress=bar.update)
        facts = asdict(report)
        if options["json"]:
            self.stdout.write(json.dumps(facts))
        elif options["verbosity"]:
            verb = "are missing or differ" if options["check"] else "added or mended"
            told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in facts.items())
            self.stdout.write(f"{told} ({verb}).")
        if options["check"] and not report.is_clean:
            sys.exit(1)
