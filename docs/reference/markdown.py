"""Tables and text of the pages."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from itertools import pairwise
from types import ModuleType

ROLE = re.compile(r":\w+:`~?([^`]+)`")
LITERAL = re.compile(r"``([^`]+)``")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; cells may hold Markdown."""
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines) + "\n"


def cell(text: str) -> str:
    """Return text as it stands in a table: on one line, its bars escaped."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Return text as code."""
    return f"`{text}`"


def prose(docstring: str | None) -> str:
    """Return a docstring as Markdown."""
    text = inspect.cleandoc(docstring or "")
    return LITERAL.sub(r"`\1`", ROLE.sub(r"`\1`", text))


def tree(module: ModuleType) -> ast.Module:
    """Return a module's source as Python reads it."""
    return ast.parse(inspect.getsource(module))


def documented(body: list[ast.stmt]) -> dict[str, str]:
    """Return the names assigned in a body with the text that stands below each."""
    found = {}
    for statement, below in pairwise(body):
        match statement, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = prose(text)
    return found
