"""``manage.py quickstart``: from nothing to a served portal with its credentials."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from kyvos_portal import demo as month
from scim_provisioning import connections

ADDRESS = "127.0.0.1:8000"
CURL = """\
curl -u '{username}:{token}' {base_url}/Users \\
  -H 'Content-Type: application/scim+json' \\
  -d '{{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
       "userName": "ada@example.com"}}'"""


class Command(BaseCommand):
    """Prepare the database and serve; a second run keeps what is there."""

    help = "Prepare the portal, show its credentials once, and serve it on 127.0.0.1:8000."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--address", default=ADDRESS, help=f"where to serve ({ADDRESS})")
        parser.add_argument("--no-serve", action="store_true", help="prepare only")
        parser.add_argument(
            "--demo", action="store_true", help="fill in people, groups and a month of writes"
        )
        parser.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare, tell, and serve."""
        try:
            facts = self._prepare(options["address"], demo=options["demo"])
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be used: {str(error).splitlines()[0]}"
            ) from None
        if options["json"]:
            self.stdout.write(json.dumps(facts))
        else:
            self._tell(facts)
        self.stdout.flush()
        if not options["no_serve"]:
            self._serve(options["address"])

    def _prepare(self, address: str, *, demo: bool) -> dict[str, Any]:
        # WhiteNoise warns of a folder that only collectstatic would make.
        Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("scim_backfill", verbosity=0)
        password = self._administrator()
        made = connections.create_connection("default", username="scim")
        if demo:
            month.fill(made.connection, made.token)
        return {
            "base_url": connections.base_url().replace(ADDRESS, address),
            "username": made.username,
            "token": made.token,
            "admin_url": f"http://{address}/admin/",
            "admin_username": "admin",
            "admin_password": password,
        }

    @staticmethod
    def _administrator() -> str | None:
        """Make the administrator; return the password, None where there is one already."""
        model = get_user_model()
        if model._default_manager.filter(username="admin").exists():
            return None
        password = secrets.token_urlsafe(12)
        model._default_manager.create_superuser("admin", password=password)
        return password

    def _tell(self, facts: dict[str, Any]) -> None:
        again = "(shown when it was made; for a new one: manage.py connection rotate default)"
        kept = "(as it was; for a new one: manage.py changepassword admin)"
        self.stdout.write(
            f"\nSCIM base URL  {facts['base_url']}\n"
            f"User name      {facts['username']}\n"
            f"Token          {facts['token'] or again}\n\n"
            f"Administration {facts['admin_url']}\n"
            f"User name      {facts['admin_username']}\n"
            f"Password       {facts['admin_password'] or kept}\n"
        )
        if facts["token"]:
            self.stdout.write(
                "Both secrets are shown this once. Create a user with:\n\n"
                + CURL.format(**facts)
                + "\n"
            )

    @staticmethod
    def _serve(address: str) -> None:
        """Start a worker, and become the server: gunicorn where it is there, else Django's."""
        # Mails are sent by a process of its own, which ends with this one, however that ends.
        manage = ["-m", "django"] if sys.argv[0].endswith("__main__.py") else [sys.argv[0]]
        worker = [sys.executable, *manage, "worker", "--parent", str(os.getpid())]
        subprocess.Popen(worker, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        if importlib.util.find_spec("gunicorn") is None:
            call_command("runserver", address, use_reloader=False)
            return
        gunicorn = [sys.executable, "-m", "gunicorn", "kyvos_portal.wsgi:application"]
        gunicorn += [
            "--bind",
            address,
            "--workers",
            "2",
            "--worker-class",
            "gthread",
            "--threads",
            "2",
            # The most it takes: filters are long, and what is longer gets no SCIM error.
            "--limit-request-line",
            "8190",
        ]
        os.execv(gunicorn[0], gunicorn)
