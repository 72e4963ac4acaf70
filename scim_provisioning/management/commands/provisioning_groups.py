"""``manage.py provisioning_groups``: three groups for those who look after provisioning."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from scim_provisioning import rights


class Command(BaseCommand):
    """Make the groups for viewing, operating and configuring; those that are there stay."""

    help = "Makes three groups with permissions: viewing, operating, configuring."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take ``--json``."""
        parser.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them, and say what they may."""
        made = zip(rights.make_groups(), rights.levels(), strict=True)
        facts = {group.name: list(level.codenames) for group, level in made}
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        for name, codenames in facts.items():
            self.stdout.write(f"{name}: {', '.join(codenames)}")
