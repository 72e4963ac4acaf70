"""SQL expressions that mean the same on every database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Func, Value
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
)

from scim_provisioning.models import ordering
from scim_provisioning.models.ordering import Bytewise, Head
from scim_provisioning.protocol.tree import Operator
from scim_provisioning.statements import Slot

KEY_LENGTH = 200
CONNECTION, BASE_URL, SHOWS_PROTECTED, FIRST_VALUE = 0, 1, 2, 3
"""The first values of every read statement; the filter's, or an IN list, come after them."""

TEXT = ordering.TEXT
BOOLEAN = models.BooleanField()


def lookup_key(text: str) -> str:
    """Return what an index holds for a text: itself, or its head and a hash where it is long."""
    if len(text) <= KEY_LENGTH:
        return text
    return text[:KEY_LENGTH] + hashlib.sha256(text.encode()).hexdigest()


def parse_uuid(text: Any) -> UUID | None:
    """Return the id in its one canonical form, None for anything else."""
    try:
        parsed = UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
    return parsed if str(parsed) == text else None


class UuidText(Func):
    """A UUID column as the text that clients know; SQLite stores it without hyphens."""

    output_field = TEXT
    template = "(%(expressions)s)::text"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Put the hyphens in."""
        sql, params = compiler.compile(self.source_expressions[0])
        parts = [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)]
        text = " || '-' || ".join(f"SUBSTR({sql}, {at}, {size})" for at, size in parts)
        return f"({text})", [*params] * len(parts)


class Like(Func):
    """Whether a text has a pattern; case counts, metacharacters are the pattern's only."""

    arg_joiner = " LIKE "
    template = "(%(expressions)s ESCAPE '\\')"
    output_field = BOOLEAN
    conditional = True

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """SQLite's LIKE ignores the case of ASCII letters; its GLOB does not."""
        return self.as_sql(
            compiler, connection, template="(%(expressions)s)", arg_joiner=" GLOB ", **extra
        )


def pattern(operator: Operator) -> Callable[[Any], str]:
    """Return what makes a text the pattern of its place in another: within, before, behind."""
    head = "" if operator is Operator.SW else "%"
    tail = "" if operator is Operator.EW else "%"

    def bind(text: Any) -> str:
        if connection.vendor == "sqlite":
            escaped = "".join(f"[{c}]" if c in "*?[" else c for c in str(text))
            return f"{head and '*'}{escaped}{tail and '*'}"
        escaped = str(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"{head}{escaped}{tail}"

    return bind


def json_text(column: str, key: str, *, exact: bool) -> Combinable:
    """Return a text out of a JSON column, case-folded unless ``exact``."""
    raw = KeyTextTransform(key, column)
    return raw if exact else Coalesce(KeyTextTransform(key, "folded"), raw, output_field=TEXT)


ORDER = {
    Operator.GT: GreaterThan,
    Operator.GE: GreaterThanOrEqual,
    Operator.LT: LessThan,
    Operator.LE: LessThanOrEqual,
}


class Row(Func):
    """Several columns compared as one, the first counting most: an index answers it."""

    template = "(%(expressions)s)"
    output_field = BOOLEAN


@dataclass(frozen=True)
class Operand:
    """What a filter compares: an expression, and how the literal is bound to it.

    ``key`` is an indexed expression that answers ``eq`` with a literal bound by ``bind``;
    ``key_prefix`` says that it answers ``sw`` too, and ``sorts`` that it sorts.
    """

    expression: Any
    field: models.Field[Any, Any] = TEXT
    key: Any = None
    key_field: models.Field[Any, Any] = TEXT
    bind: Callable[[Any], Any] | None = None
    key_prefix: bool = False
    sorts: bool = False

    def compare(self, operator: Operator, index: int) -> Any:
        """Return the condition ``operand operator slot``, NULL where it is unassigned."""
        if operator is Operator.EQ:
            if self.key is not None:
                return Exact(self.key, Slot(index, self.key_field, self.bind))
            return Exact(self.expression, Slot(index, self.field))
        if operator in ORDER:
            text = isinstance(self.field, models.TextField)
            left = Bytewise(self.expression) if text else self.expression
            return ORDER[operator](left, Slot(index, self.field))
        left = self.key if operator is Operator.SW and self.key_prefix else self.expression
        return Like(left, Slot(index, TEXT, pattern(operator)))

    @property
    def sort_field(self) -> models.Field[Any, Any]:
        """The type of what is sorted by."""
        return self.key_field if self.sorts else self.field

    @property
    def sort_key(self) -> Any:
        """The expression to sort by; of long texts the head only, as an index holds it."""
        if self.sorts and not isinstance(self.key_field, models.TextField):
            return self.key
        if self.sorts:
            return Bytewise(self.key)
        if isinstance(self.field, models.TextField):
            return Bytewise(Head(self.expression))
        return self.expression


def constant(text: str) -> Operand:
    """Return an operand that is the same for every row."""
    return Operand(Value(text, output_field=TEXT))
