"""SQL expressions that mean the same on every database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.backends.signals import connection_created
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
from django.dispatch import receiver

from scim_provisioning.models import ordering
from scim_provisioning.models.ordering import Bytewise, Head
from scim_provisioning.protocol.identifiers import MARKS, shown
from scim_provisioning.protocol.identifiers import TEXT as TEXT_BYTES
from scim_provisioning.protocol.tree import Operator
from scim_provisioning.statements import Slot

KEY_LENGTH = 200
CONNECTION, BASE_URL, SHOWS_PROTECTED, FIRST_VALUE = 0, 1, 2, 3
"""The first values of every read statement; the filter's, or an IN list, come after them."""

TEXT = ordering.TEXT
BOOLEAN = models.BooleanField()
ID_FUNCTION = "SCIM_ID"


def lookup_key(text: str) -> str:
    """Return what an index holds for a text: itself, or its head and a hash where it is long."""
    if len(text) <= KEY_LENGTH:
        return text
    return text[:KEY_LENGTH] + hashlib.sha256(text.encode()).hexdigest()


class IdText(Func):
    """The column of an id as the text that clients know: see ``protocol.identifiers``."""

    output_field = TEXT

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        """Take a kept text out of its UUID, any other UUID as it is."""
        column, params = compiler.compile(self.source_expressions[0])
        text = f"({column})::text"
        marked = " AND ".join(f"{_bytes(text, place)} = '{byte}'" for place, byte in MARKS)
        kept = " || ".join(_bytes(text, *stretch) for stretch in TEXT_BYTES)
        bare = f"RTRIM(DECODE({kept}, 'hex'), '\\x00'::bytea)"
        sql = f"CASE WHEN {marked} THEN CONVERT_FROM({bare}, 'UTF8') ELSE {text} END"
        return f"({sql})", [*params] * sql.count(column)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """By the function that every connection knows: SQLite cannot read hexadecimal."""
        return super().as_sql(compiler, connection, function=ID_FUNCTION, **extra)


def _bytes(text: str, place: int, size: int = 1) -> str:
    """Return the SQL of some bytes of a UUID's text, which never cross a hyphen."""
    at = 1 + 2 * place + sum(place >= start for start in (4, 6, 8, 10))
    return f"SUBSTR({text}, {at}, {2 * size})"


@receiver(connection_created, dispatch_uid="scim_id_text")
def _teach(connection: Any, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function(
            ID_FUNCTION, 1, lambda key: key and shown(UUID(key)), deterministic=True
        )


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

    def by_index(self, operator: Operator) -> bool:
        """Whether an index finds what meets a comparison."""
        if operator is Operator.SW:
            return self.key_prefix
        return operator is Operator.EQ and self.key is not None

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
