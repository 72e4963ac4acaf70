"""``manage.py conformance``: which line of the RFCs is held by which test."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from .test import run

PAGE = "docs/conformance.md"


class Command(BaseCommand):
    """Run the tests that hold a line of the RFCs, and write the page that says so."""

    help = f"Run the tests that are marked with a line of the RFCs, and write {PAGE}."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--check", action="store_true", help="compare the page, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and fail where a line is not held or the page is not current."""
        mode = "check" if options["check"] else "write"
        if run(["-m", "scim", f"--conformance={mode}", "tests"], {}):
            raise CommandError("Not every line is held, or the page is not current.")
        self.stdout.write(f"{PAGE} is current, and every line of it is held or explained.")
