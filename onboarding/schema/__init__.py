"""First Login Actions: their JSON Schema, and a reader that tells all errors with their places.

Plain Python. ``first_login_actions.json`` is the published schema; :func:`schema` is it with
the roles and kinds of a site.
"""

from __future__ import annotations

from .document import Document, EntityCheck, formatted, parse
from .problems import InvalidDocument, Problem
from .rules import SCHEMA, schema

__all__ = [
    "SCHEMA",
    "Document",
    "EntityCheck",
    "InvalidDocument",
    "Problem",
    "formatted",
    "parse",
    "schema",
]
