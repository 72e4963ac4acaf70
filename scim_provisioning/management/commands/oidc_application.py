"""``manage.py oidc_application``: external issuers whose tokens open the API."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from scim_provisioning import applications
from scim_provisioning.auth.discovery import ENDPOINTS
from scim_provisioning.models import OIDCApplication
from scim_provisioning.models.oidc import (
    ASYMMETRIC,
    Kind,
    Preset,
    Rights,
    TokenClaim,
)

NAME = "the application's name"
FIELDS = {
    "issuer": "issuer",
    "preset": "preset",
    "kind": "kind",
    "audience": "audiences",
    "claim": "token_claim",
    "identifier": "token_identifier",
    "algorithm": "algorithms",
    "rights": "rights",
    "client_id": "client_id",
    "leeway": "leeway",
    "max_token_age": "max_token_age",
    "require_at_jwt": "require_at_jwt",
    "introspection": "introspection",
    **{name: name for name in ENDPOINTS},
}
"""The options that are fields, as they are."""


DETAILS: dict[str, dict[str, Any]] = {
    "algorithm": {
        "action": "append",
        "choices": ASYMMETRIC,
        "help": "what tokens may be signed by; repeat it for several",
    },
    "preset": {"choices": Preset.values, "help": "whose tokens these are"},
    "kind": {"choices": Kind.values, "help": "whether the client can keep a secret"},
    "rights": {"choices": Rights.values, "help": "what a token may do at most"},
    "leeway": {"type": int, "metavar": "SECONDS", "help": "how far clocks may differ"},
    "max-token-age": {"type": int, "metavar": "SECONDS", "help": "how long a token may be valid"},
    "require-at-jwt": {
        "action": "store_true",
        "default": None,
        "help": "take only tokens that are typed as at+jwt (RFC 9068)",
    },
    "introspection": {
        "action": "store_true",
        "default": None,
        "help": "ask the issuer about tokens that are no JWT (RFC 7662)",
    },
    "client-id": {"help": "the client at the issuer, for sign-in and introspection"},
}


class Command(BaseCommand):
    """Make, list, enable and disable OIDC applications."""

    help = "Make, list, enable and disable the OIDC applications of external issuers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser(
            "create", help="make an application, or update the one of that name"
        )
        self._add_create(create)
        actions.add_parser("list", help="show the applications")
        for verb in ("enable", "disable"):
            one = actions.add_parser(verb, help=f"{verb} an application")
            one.add_argument("name", help=NAME)
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def _add_create(self, create: Any) -> None:
        create.add_argument("name", help=NAME)
        create.add_argument("--issuer", help="exactly as it stands in the tokens")
        create.add_argument("--audience", action="append", help="repeat it for several")
        create.add_argument("--claim", choices=TokenClaim.values, help="else the preset's")
        create.add_argument("--identifier", help="the value of that claim in the client's tokens")
        create.add_argument("--mapped-username", help="the account its requests act as")
        create.add_argument(
            "--scope", action="append", help="a required scope or role; repeat it for several"
        )
        for name, options in DETAILS.items():
            create.add_argument(f"--{name}", **options)
        create.add_argument(
            "--client-secret-file", metavar="FILE", help="holds the client secret; - is stdin"
        )
        for name in ENDPOINTS:
            create.add_argument(
                f"--{name.replace('_', '-')}", metavar="URL", help="else discovered"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the action says; every refusal is one line."""
        try:
            getattr(self, options["action"])(options)
        except ValidationError as error:
            lines = [f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items()]
            raise CommandError(" ".join(lines)) from None

    def create(self, options: dict[str, Any]) -> None:
        """Make an application; a name that exists is updated."""
        changes = {
            field: options[option]
            for option, field in FIELDS.items()
            if options[option] is not None
        }
        if options["scope"] is not None:
            changes["required_scopes"] = " ".join(options["scope"])
        if options["mapped_username"] is not None:
            changes["mapped_user"] = self._user(options["mapped_username"])
        row, created = applications.put(options["name"], changes, self._secret(options))
        text = f"{row.name} was {'made' if created else 'changed'}."
        self._tell(options, {**facts(row), "created": created}, text)

    def list(self, options: dict[str, Any]) -> None:
        """Show every application."""
        rows = [facts(row) for row in OIDCApplication.objects.select_related("mapped_user")]
        if options["json"]:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            state = "enabled" if row["enabled"] else "disabled"
            client = f"{row['claim']}={row['identifier']}" if row["identifier"] else "sign-in only"
            user = row["mapped_username"] or "nobody"
            self.stdout.write("  ".join([row["name"], state, row["issuer"], client, user]))
        if not rows:
            self.stdout.write("There are none; make one with: oidc_application create NAME")

    def enable(self, options: dict[str, Any]) -> None:
        """Take its tokens again, where every rule still holds."""
        row = self._find(options["name"])
        row.enabled = True
        applications.save(row)
        self._tell(options, facts(row), f"{row.name} is enabled.")

    def disable(self, options: dict[str, Any]) -> None:
        """Refuse its tokens from the next request on."""
        row = self._find(options["name"])
        row.enabled = False
        row.save(update_fields=["enabled"])
        self._tell(options, facts(row), f"{row.name} is disabled.")

    def _tell(self, options: dict[str, Any], row: dict[str, Any], text: str) -> None:
        self.stdout.write(json.dumps(row) if options["json"] else text)

    def _find(self, name: str) -> OIDCApplication:
        try:
            return OIDCApplication.objects.select_related("mapped_user").get(name=name)
        except OIDCApplication.DoesNotExist:
            raise CommandError(f"There is no application {name!r}.") from None

    def _user(self, username: str) -> Any:
        model: Any = get_user_model()
        user = model._default_manager.filter(**{model.USERNAME_FIELD: username}).first()
        if user is None:
            raise CommandError(f"There is no account {username!r}; name a connection's.")
        return user

    def _secret(self, options: dict[str, Any]) -> str | None:
        file = options["client_secret_file"]
        if file is None:
            return None
        try:
            return (sys.stdin.read() if file == "-" else Path(file).read_text()).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"The client secret cannot be read: {error}") from None


def facts(row: OIDCApplication) -> dict[str, Any]:
    """Return what a script wants to know; nothing secret."""
    user: Any = row.mapped_user
    return {
        "name": row.name,
        "slug": row.slug,
        "enabled": row.enabled,
        "preset": row.preset,
        "issuer": row.issuer,
        "jwks_uri": row.jwks_uri,
        "audiences": row.audiences,
        "claim": row.token_claim,
        "identifier": row.token_identifier,
        "mapped_username": user.get_username() if user else None,
        "required_scopes": row.required_scopes.split(),
        "rights": row.rights,
        "algorithms": row.algorithms,
        "last_used": row.last_used.isoformat() if row.last_used else None,
    }
