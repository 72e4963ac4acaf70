"""``manage.py seed_directory``: a directory of any size, for benchmarks and for looking at."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from scim_provisioning.connections import create_connection
from scim_provisioning.directory import seeding


class Command(BaseCommand):
    """Fill the directory; what is there already is kept."""

    help = "Fill the directory with users user000001@example.com …, groups group-2 … and big."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the sizes."""
        parser.add_argument("--users", type=int, required=True)
        parser.add_argument("--groups", type=int, default=0)
        parser.add_argument("--big-group", type=int, default=0, help="members of the group big")
        parser.add_argument("--connection", default="default", help="the owner; made where missing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, with a progress bar."""
        users, groups, big = options["users"], options["groups"], options["big_group"]
        if min(users, groups, big) < 0 or big > users:
            raise CommandError("Sizes are not negative, and big has at most as many members as there are users.")
        owner = create_connection(options["connection"]).connection
        with tqdm(total=users + max(groups, 1), unit="row", disable=not sys.stderr.isatty()) as bar:
            seeding.seed(owner, users=users, groups=groups, big_group=big, progress=bar.update)
        if options["verbosity"]:
            self.stdout.write(f"The directory has {users} users, {groups} groups and big with {big} members.")
