"""What texts are ordered by, the same on every database, with constants that an index can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Func

if TYPE_CHECKING:
    _CharField = models.CharField[str | None, str | None]
else:
    _CharField = models.CharField

TEXT = models.TextField()


class Bytewise(Func):
    """A text in an order that no locale changes; SQLite's own order is that."""

    template = "%(expressions)s"
    output_field = TEXT

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """PostgreSQL orders by the database's locale unless told."""
        return self.as_sql(compiler, connection, template='(%(expressions)s) COLLATE "C"', **extra)


class Folded(Func):
    """The case-folded value of a column of a row that has ``folded``, kept where it differs."""

    output_field = TEXT
    template = "COALESCE(%(expressions)s)"

    def __init__(self, column: str) -> None:
        if not column.isidentifier():
            raise ValueError(column)
        super().__init__(F("folded"), F(column))
        self.column = column

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        """Name the key in the SQL itself: a parameter is not what an index holds."""
        folded, column = (compiler.compile(part)[0] for part in self.source_expressions)
        key = f"{folded} ->> '{self.column}'"
        if connection.vendor == "sqlite":
            key = f"JSON_EXTRACT({folded}, '$.{self.column}')"
        return f"COALESCE({key}, {column})", []


class Head(Func):
    """The first characters of a text: an entry of an index has a limit."""

    template = "SUBSTR(%(expressions)s, 1, 200)"
    output_field = TEXT


class KeyField(_CharField):
    """A text that is looked up, by its beginning too, and ordered bytewise: by one index."""

    def db_parameters(self, connection: Any) -> Any:
        """On PostgreSQL the collation does all three; other databases need none."""
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters
