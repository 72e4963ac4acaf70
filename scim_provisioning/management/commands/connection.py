"""``manage.py connection``: identity providers' connections and their tokens."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scim_provisioning import connections
from scim_provisioning.models import Connection, Profile, State


class Command(BaseCommand):
    """Make, list, rotate, pause and resume connections."""

    help = "Make, list, rotate, pause and resume the connections of identity providers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser(
            "create", help="make a connection, or update the one of that name"
        )
        create.add_argument("name")
        create.add_argument(
            "--profile", choices=Profile.values, help="auto for a new connection; else as it is"
        )
        create.add_argument("--username", help="the acting user; made where there is none")
        create.add_argument("--scopes", default="scim", help="scim, scim.read or scim.write")
        actions.add_parser("list", help="show the connections")
        rotate = actions.add_parser("rotate", help="make a new token")
        rotate.add_argument("name")
        rotate.add_argument(
            "--overlap-days", type=int, default=0, help="how long the old tokens go on working"
        )
        for verb in ("pause", "resume"):
            actions.add_parser(verb, help=f"{verb} the writes of a connection").add_argument("name")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the action says."""
        getattr(self, options["action"])(options)

    def create(self, options: dict[str, Any]) -> None:
        """Make a connection; a name that exists is updated, and shows no token."""
        try:
            made = connections.create_connection(
                options["name"],
                profile=options["profile"],
                username=options["username"],
                scopes=options["scopes"],
            )
        except connections.ConnectionProblem as problem:
            raise CommandError(str(problem)) from None
        self._credentials(options, made.username, made.token)

    def rotate(self, options: dict[str, Any]) -> None:
        """Make a new token for a connection."""
        connection = self._find(options["name"])
        try:
            token = connections.rotate(connection, overlap_days=options["overlap_days"])
        except connections.ConnectionProblem as problem:
            raise CommandError(str(problem)) from None
        self._credentials(options, connection.acting_user.get_username(), token)

    def list(self, options: dict[str, Any]) -> None:
        """Show every connection."""
        rows = [
            {
                "name": c.name,
                "profile": c.profile,
                "state": c.state,
                "username": c.acting_user.get_username(),
                "last_seen": c.last_seen.isoformat() if c.last_seen else None,
            }
            for c in Connection.objects.select_related("acting_user")
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            self.stdout.write("  ".join(str(value or "never seen") for value in row.values()))
        if not rows:
            self.stdout.write("There are no connections; make one with: connection create NAME")

    def pause(self, options: dict[str, Any]) -> None:
        """Refuse a connection's writes with 429."""
        self._set_state(options, State.PAUSED)

    def resume(self, options: dict[str, Any]) -> None:
        """Take a connection's writes again."""
        self._set_state(options, State.ACTIVE)

    def _set_state(self, options: dict[str, Any], state: State) -> None:
        connection = self._find(options["name"])
        connections.set_state(connection, state)
        text = json.dumps({"name": connection.name, "state": state.value})
        self.stdout.write(
            text if options["json"] else f"{connection.name} is {state.label.lower()}."
        )

    def _find(self, name: str) -> Connection:
        try:
            return Connection.objects.select_related("acting_user").get(name=name)
        except Connection.DoesNotExist:
            raise CommandError(f"There is no connection {name!r}.") from None

    def _credentials(self, options: dict[str, Any], username: str, token: str | None) -> None:
        facts = {"base_url": connections.base_url(), "username": username, "token": token}
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        self.stdout.write(f"Base URL   {facts['base_url']}\nUser name  {username}")
        if token:
            self.stdout.write(f"Token      {token}\nThe token is shown this once.")
        else:
            self.stdout.write(
                "The connection exists; its token stays. To make a new one: connection rotate"
            )
