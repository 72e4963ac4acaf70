"""``manage.py connection``: identity providers' connections and their credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scim_provisioning import connections, credential_list, credentials
from scim_provisioning.credential_list import Listed
from scim_provisioning.credentials import Kind
from scim_provisioning.directory import brake
from scim_provisioning.models import Connection, Profile, State

Options = Mapping[str, Mapping[str, Any]]

TRUSTED = {
    "issuer": "Issuer (iss)",
    "jwks-uri": "JWKS URL",
    "subject": "Subject (sub)",
    "audience": "Audience (aud)",
}
"""The options of *trust*, and what Entra calls them."""
CREATE: Options = {
    "--profile": {"choices": Profile.values, "help": "auto for a new connection; else as it is"},
    "--username": {"help": "the acting user; made where there is none"},
    "--scopes": {"default": "scim", "help": "scim, scim.read or scim.write"},
}
ROTATE: Options = {
    "--kind": {
        "choices": [kind.value for kind in Kind],
        "default": Kind.TOKEN.value,
        "help": "a personal access token, or a secret for the token endpoint",
    },
    "--overlap-days": {"type": int, "default": 0, "help": "how long the old ones go on working"},
    "--days": {"type": int, "help": "how long the new one lives"},
}
TRUST = {
    f"--{option}": {"required": True, "help": f"what Entra shows as {label}"}
    for option, label in TRUSTED.items()
}
REVOKE = {"key": {"help": "as the list of credentials shows it: token:5, client:2"}}
RESUME = {
    "--allow": {
        "type": int,
        "help": "people who may lose access once, where the brake had stopped it",
    }
}
ACTIONS: dict[str, tuple[str, Options]] = {
    "create": ("make a connection, or update the one of that name", CREATE),
    "list": ("show the connections", {}),
    "credentials": ("show a connection's credentials and use", {}),
    "rotate": ("make a new token or client secret", ROTATE),
    "trust": ("let a workload get tokens without a secret", TRUST),
    "revoke": ("end a credential now", REVOKE),
    "pause": ("pause the writes of a connection", {}),
    "resume": ("resume the writes of a connection", RESUME),
}
"""Each action: what it does, and its options besides the connection's name."""


class Command(BaseCommand):
    """Make, list, pause and resume connections; list, rotate and revoke their credentials."""

    help = "The connections of identity providers, and their credentials."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        for name, (about, options) in ACTIONS.items():
            action = actions.add_parser(name, help=about)
            if name != "list":
                action.add_argument("name", help="the connection's name")
            for option, details in options.items():
                action.add_argument(option, **details)
            action.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the action says."""
        try:
            getattr(self, options["action"])(options)
        except connections.ConnectionProblem as problem:
            raise CommandError(str(problem)) from None

    def create(self, options: dict[str, Any]) -> None:
        """Make a connection; a name that exists is updated, and shows no token."""
        made = connections.create_connection(
            options["name"],
            profile=options["profile"],
            username=options["username"],
            scopes=options["scopes"],
        )
        self._tell(
            options,
            "The connection exists; its token stays. To make a new one: connection rotate",
            base_url=connections.base_url(),
            username=made.username,
            token=made.token,
        )

    def rotate(self, options: dict[str, Any]) -> None:
        """Make a new credential for a connection."""
        connection = self._find(options["name"])
        kind = Kind(options["kind"])
        made = credentials.rotate(
            connection, kind, overlap_days=options["overlap_days"], days=options["days"]
        )
        facts = {"base_url": connections.base_url()}
        if kind is Kind.CLIENT:
            facts |= {
                "token_endpoint": connections.token_endpoint() or "",
                "client_id": made.client_id or "",
                "client_secret": made.secret,
            }
        else:
            facts |= {"username": connection.acting_user.get_username(), "token": made.secret}
        self._tell(options, "", **facts, credential=made.key, expires=made.expires.isoformat())

    def trust(self, options: dict[str, Any]) -> None:
        """Let a workload get tokens without a secret (RFC 7523)."""
        connection = self._find(options["name"])
        given = {name.replace("-", "_") for name in TRUSTED}
        row, client_id = credentials.trust(connection, **{name: options[name] for name in given})
        self._tell(
            options,
            "No secret is needed.",
            base_url=connections.base_url(),
            token_endpoint=connections.token_endpoint() or "",
            client_id=client_id,
            credential=f"{credentials.WORKLOAD}:{row.pk}",
        )

    def revoke(self, options: dict[str, Any]) -> None:
        """End a credential now."""
        connection = self._find(options["name"])
        credentials.revoke(connection, options["key"])
        facts = {"name": connection.name, "revoked": options["key"]}
        self.stdout.write(json.dumps(facts) if options["json"] else f"{options['key']} has ended.")

    def credentials(self, options: dict[str, Any]) -> None:
        """Show a connection's credentials, none of their secrets."""
        connection = self._find(options["name"])
        rows = [self._row(row) for row in credential_list.listed(connection)]
        if options["json"]:
            client = credentials.client_id(connection)
            facts = {"name": connection.name, "client_id": client, "credentials": rows}
            self.stdout.write(json.dumps(facts))
            return
        for row in rows:
            self.stdout.write(
                f"{row['key']:<12} {row['hint']:<16} {row['state']:<20} "
                f"last used {row['last_used'] or 'never'} from {row['last_address'] or 'nowhere'}, "
                f"{row['share']:.0%} of the last day's requests"
            )
        if not rows:
            self.stdout.write("There are no credentials; make one with: connection rotate NAME")

    @staticmethod
    def _row(row: Listed) -> dict[str, Any]:
        moments = {
            name: getattr(row, name) for name in ("created", "expires", "revoked", "last_used")
        }
        dates = {name: at.isoformat() if at else None for name, at in moments.items()}
        facts = {
            name: getattr(row, name)
            for name in ("key", "hint", "scopes", "last_address", "requests", "share")
        }
        return {**facts, **dates, "ends_within_days": row.ends_within, "state": row.state}

    def list(self, options: dict[str, Any]) -> None:
        """Show every connection."""
        rows = [
            {
                "name": c.name,
                "profile": c.profile,
                "state": c.state,
                "username": c.acting_user.get_username(),
                "stopped": c.braked.isoformat() if c.braked else None,
                "last_seen": c.last_seen.isoformat() if c.last_seen else None,
                "credential_ends": c.ends.isoformat() if c.ends else None,
            }
            for c in credential_list.with_ends(Connection.objects.select_related("acting_user"))
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            state = "stopped by the brake" if row["stopped"] else row["state"]
            facts = f"{row['name']}  {row['profile']}  {state}  {row['username']}"
            ends = row["credential_ends"] or "never"
            self.stdout.write(
                f"{facts}  {row['last_seen'] or 'never seen'}  first credential ends: {ends}"
            )
        if not rows:
            self.stdout.write("There are no connections; make one with: connection create NAME")

    def pause(self, options: dict[str, Any]) -> None:
        """Refuse a connection's writes with 429."""
        self._set_state(options, State.PAUSED)

    def resume(self, options: dict[str, Any]) -> None:
        """Take a connection's writes again."""
        brake.release(self._find(options["name"]).pk, options["allow"])
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

    def _tell(self, options: dict[str, Any], otherwise: str, **facts: str | None) -> None:
        """Show facts, a secret among them this once; ``otherwise`` where there is none."""
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        for name, value in facts.items():
            if value is not None:
                self.stdout.write(f"{LABELS[name]:<15} {value}")
        secret = facts.get("token") or facts.get("client_secret")
        self.stdout.write("The secret is shown this once." if secret else otherwise)


LABELS = {
    "base_url": "Base URL",
    "username": "User name",
    "token": "Token",
    "token_endpoint": "Token endpoint",
    "client_id": "Client id",
    "client_secret": "Client secret",
    "credential": "Credential",
    "expires": "Expires",
}
