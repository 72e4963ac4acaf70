"""``manage.py onboarding``: First Login Actions from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from onboarding import conf, services
from onboarding.models import OnboardingRevision
from onboarding.models.configuration import ALL_SOURCES
from onboarding.schema import InvalidDocument

LARGEST = 1024 * 1024
"""Bytes of a file that is read at all."""


class Command(BaseCommand):
    """Set, show, list and roll back User Onboarding Configurations."""

    help = "Set, show, list and roll back what new users get (First Login Actions)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        put = actions.add_parser("set", help="put a text in force")
        put.add_argument("file", help="a file with the JSON; - reads standard input")
        actions.add_parser("show", help="show what is in force")
        actions.add_parser("history", help="list the revisions, the newest first")
        back = actions.add_parser("roll-back", help="put an earlier text in force again")
        back.add_argument("revision", type=int, help="the number that history shows")
        for action in (put, back):
            action.add_argument("--author", help="the user name of who decided it")
            action.add_argument(
                "--allow-administrators",
                action="store_true",
                help="let it give new users a role of Administrator's rank",
            )
        for action in (put, actions.choices["show"], actions.choices["history"]):
            action.add_argument(
                "--source",
                default=ALL_SOURCES,
                help="the key or name of a source such as a connection; left out: all of them",
            )
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", help="answer in JSON, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the action says."""
        if "source" in options:
            options["source"] = _source(options["source"])
        try:
            getattr(self, options["action"].replace("-", "_"))(options)
        except InvalidDocument as error:
            self._refuse(error, options)

    def set(self, options: dict[str, Any]) -> None:
        """Put a text in force."""
        revision = services.publish(
            _read(options["file"]),
            _author(options["author"]),
            options["source"],
            administrator_allowed=options["allow_administrators"],
        )
        self._tell([revision], options, f"Revision {revision.pk} is in force.")

    def show(self, options: dict[str, Any]) -> None:
        """Show the revision in force."""
        revision = services.current(options["source"])
        if options["json"]:
            self.stdout.write(json.dumps(_facts(revision) if revision else None))
        elif revision is None:
            self.stdout.write("Nothing is configured: new users get no role.")
        else:
            self.stdout.write(revision.text)

    def history(self, options: dict[str, Any]) -> None:
        """List the revisions of a source."""
        self._tell(list(services.history(options["source"])), options, "There are no revisions.")

    def roll_back(self, options: dict[str, Any]) -> None:
        """Put an earlier text in force again."""
        revisions = OnboardingRevision.objects.select_related("configuration")
        earlier = revisions.filter(pk=options["revision"]).first()
        if earlier is None:
            raise CommandError(f"There is no revision {options['revision']}.")
        revision = services.rollback(
            earlier,
            _author(options["author"]),
            administrator_allowed=options["allow_administrators"],
        )
        self._tell([revision], options, f"Revision {revision.pk} is in force.")

    def _tell(
        self, revisions: list[OnboardingRevision], options: dict[str, Any], text: str
    ) -> None:
        if options["json"]:
            facts = [_facts(revision) for revision in revisions]
            listed = options["action"] == "history"
            self.stdout.write(json.dumps(facts if listed else facts[0]))
        elif options["action"] == "history" and revisions:
            for revision in revisions:
                self.stdout.write(_line(revision))
        else:
            self.stdout.write(text)

    def _refuse(self, error: InvalidDocument, options: dict[str, Any]) -> None:
        if options["json"]:
            problems = [
                {"line": p.line, "column": p.column, "path": p.path, "message": p.message}
                for p in error.problems
            ]
            self.stdout.write(json.dumps({"problems": problems}))
            sys.exit(1)
        raise CommandError(str(error))


def _facts(revision: OnboardingRevision) -> dict[str, Any]:
    return {
        "revision": revision.pk,
        "source": revision.configuration.source,
        "author": revision.author.get_username() if revision.author else None,
        "created": revision.created.isoformat(),
        "rolled_back_from": revision.rolled_back_from_id,
        "administrators_allowed": revision.administrator_allowed,
        "text": revision.text,
        "document": revision.document,
    }


def _line(revision: OnboardingRevision) -> str:
    author = revision.author.get_username() if revision.author else "the command line"
    earlier = revision.rolled_back_from_id
    text = f", the text of {earlier} again" if earlier else ""
    role = revision.document["roleName"]
    return f"{revision.pk}  {revision.created:%Y-%m-%d %H:%M}  {author}  {role}{text}"


def _read(name: str) -> str:
    """Return a file's text; more than anybody writes by hand is not read."""
    try:
        if name == "-":
            content = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise CommandError(f"{name} is larger than {LARGEST} bytes.")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise CommandError(f"{name} is not UTF-8: byte {error.start} is wrong.") from None


def _author(username: str | None) -> Any:
    if username is None:
        return None
    model: Any = get_user_model()
    try:
        return model._default_manager.get_by_natural_key(username)
    except model.DoesNotExist:
        raise CommandError(f"There is no user {username!r}.") from None


def _source(given: str) -> str:
    """Return the key of a source, given its key or its name."""
    known = conf.sources()
    if not given or given in known:
        return given
    keys = [key for key, name in known.items() if name == given]
    if len(keys) == 1:
        return keys[0]
    if conf.current().sources is None:
        # The site names none: any key is one.
        return given
    names = ", ".join(map(repr, known.values())) or "none"
    raise CommandError(f"There is no source {given!r}; there are {names}.")
