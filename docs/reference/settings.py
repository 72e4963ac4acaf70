"""The settings of both apps, from the fields of their dataclasses."""

from __future__ import annotations

import ast
from dataclasses import MISSING, Field, fields
from types import ModuleType
from typing import Any

from onboarding import conf as onboarding
from scim_provisioning import conf as scim

from .markdown import code, documented, table, tree

HEAD = """# Settings

Each app reads one dict of Django's settings. An unknown key is a system check's error. What the
portal reads from its environment is under [Environment](environment.md).
"""


def text() -> str:
    """Return the page."""
    return HEAD + "".join(_section(module) for module in (scim, onboarding))


def _section(module: ModuleType) -> str:
    [body] = [
        node.body
        for node in tree(module).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
    ]
    meaning = documented(body)
    rows = [
        (code(one.name.upper()), meaning[one.name], code(_default(one)))
        for one in fields(module.Settings)
    ]
    return f"\n## {module.NAME}\n\n{table(('Key', 'Meaning', 'Default'), rows)}"


def _default(one: Field[Any]) -> str:
    if one.default_factory is not MISSING:
        return repr(one.default_factory())
    return repr(one.default)
