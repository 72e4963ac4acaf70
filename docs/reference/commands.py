"""The commands of ``manage.py``, from their parsers."""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator

from django.core.management import BaseCommand, get_commands, load_command_class

from .markdown import code, prose, table

HEAD = """# Commands

All of them are run as `python3 manage.py COMMAND`; on another site with that site's `manage.py`,
which has those of the apps that it installs. They can be run again: what is there already is kept
or updated. Each takes Django's own options, such as `--settings`, too.
"""
APPS = ("scim_provisioning", "onboarding", "kyvos_portal")


def text() -> str:
    """Return the page."""
    ours = [(app, name) for name, app in get_commands().items() if app in APPS]
    parts = [HEAD]
    for app in APPS:
        parts.append(f"\n## {app}\n")
        parts += [_command(app, name) for owner, name in sorted(ours) if owner == app]
    return "".join(parts)


def _command(app: str, name: str) -> str:
    command = load_command_class(app, name)
    about = prose(type(command).__doc__).split("\n\n")[0]
    return f"\n### {name}\n\n{about}\n" + "".join(_parser(command.create_parser("", name)))


def _parser(parser: ArgumentParser) -> Iterator[str]:
    subparsers = [a for a in parser._actions if isinstance(a, _SubParsersAction)]
    if rows := [_row(action) for action in parser._actions if _is_own(action)]:
        yield f"\n{table(('Argument', 'Meaning'), rows)}"
    for action in subparsers:
        told = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for name, parser in action.choices.items():
            title = f"{parser.prog.split()[-2]} {name}"
            yield f"\n`{title}`: {told.get(name, '')}\n"
            yield from _parser(parser)


STOCK = frozenset(
    option
    for action in BaseCommand().create_parser("", "")._actions
    for option in action.option_strings
)
"""What Django gives to every command."""


def _is_own(action: Action) -> bool:
    if isinstance(action, _SubParsersAction) or action.help == SUPPRESS:
        return False
    return not STOCK.issuperset(action.option_strings) or not action.option_strings


def _row(action: Action) -> tuple[str, str]:
    named = " ".join(action.option_strings) or action.dest.upper()
    if action.option_strings and action.nargs != 0:
        choices = ",".join(map(str, action.choices)) if action.choices else None
        named += f" {choices or action.metavar or action.dest.upper()}"
    meaning = (action.help or "").replace("%%", "%")
    if action.required and action.option_strings:
        meaning = f"required; {meaning}".rstrip("; ")
    return code(named), meaning
