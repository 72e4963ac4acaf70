"""The system checks, by number, from the messages in their modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.checks import registry

from .markdown import code, table, tree

HEAD = """# System checks

`python3 manage.py check` runs them, and so does every other command at its start. E is an error,
W a warning, I an information; `--deploy` adds Django's own for a site that is served to others.
What is meant may be silenced by its number in `SILENCED_SYSTEM_CHECKS`.

"""
LEVELS = ("Error", "Warning", "Info", "Critical")


def text() -> str:
    """Return the page."""
    rows = sorted({row for name in _modules() for row in _messages(name)}, key=_order)
    return HEAD + table(("Number", "What it says", "What helps"), rows)


def _order(row: tuple[str, ...]) -> tuple[str, str]:
    app, _, number = row[0].strip("`").partition(".")
    return app, number[1:]


def _modules() -> list[str]:
    ours = {config.name for config in apps.get_app_configs() if _is_ours(config.name)}
    found = {check.__module__ for check in registry.registry.get_checks()}
    return sorted(name for name in found if name.split(".")[0] in ours)


def _is_ours(name: str) -> bool:
    return name in ("scim_provisioning", "onboarding", "kyvos_portal")


def _messages(name: str) -> Iterator[tuple[str, str, str]]:
    module = import_module(name)
    for function in ast.walk(tree(module)):
        if isinstance(function, ast.FunctionDef):
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in LEVELS:
                    yield _row(call, _assigned(function, call), vars(module))


def _row(call: ast.Call, local: dict[str, ast.expr], known: dict[str, Any]) -> tuple[str, str, str]:
    given = dict(zip(("msg", "hint"), call.args, strict=False))
    given |= {str(word.arg): word.value for word in call.keywords}
    told = {name: _rendered(node, local, known) for name, node in given.items()}
    return code(told["id"]), told["msg"], told.get("hint", "")


def _assigned(function: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr]:
    """Return what the function's names stand for where the call is."""
    return {
        statement.targets[0].id: statement.value
        for statement in sorted(_assignments(function), key=lambda statement: statement.lineno)
        if isinstance(statement.targets[0], ast.Name) and statement.lineno < call.lineno
    }


def _assignments(function: ast.FunctionDef) -> list[ast.Assign]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Assign)]


def _rendered(node: ast.expr, local: dict[str, ast.expr], known: dict[str, Any]) -> str:
    """Return a message as it is read, with … for what only a site knows."""
    match node:
        case ast.Name(id=name) if name in local:
            return _rendered(local[name], local, known)
        case ast.JoinedStr(values=parts):
            return "".join(_rendered(part, local, known) for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)) | ast.Name(id=name):
            return str(known.get(name, "…"))
        case ast.FormattedValue(value=ast.Attribute(value=ast.Name(id=owner), attr=name)):
            return str(getattr(known.get(owner), name, "…"))
        case ast.Constant(value=value):
            return str(value)
    return "…"
