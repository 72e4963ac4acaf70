"""``manage.py reencrypt``: every stored secret, encrypted anew with the first key."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scim_provisioning import encryption


class Command(BaseCommand):
    """Rotate the encryption keys: run it between adding a key and taking the old one away."""

    help = "Encrypt every stored secret anew with the first of the encryption keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do all of it, or nothing."""
        try:
            count = encryption.reencrypt()
        except encryption.KeyMissing as problem:
            raise CommandError(str(problem)) from None
        text = json.dumps({"secrets": count}) if options["json"] else f"{count} secrets encrypted."
        self.stdout.write(text)
