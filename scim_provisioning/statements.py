"""The ORM's SQL, compiled once and run with fresh values into plain tuples.

Compiling a queryset costs more than running it. A statement is built with a
:class:`Slot` wherever a value goes; its SQL is kept, and each run only fills the
slots. It is still the ORM's SQL, on every backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from threading import local
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import F
from django.db.models.expressions import Expression
from django.db.models.lookups import In
from django.db.models.sql import DeleteQuery, InsertQuery, UpdateQuery

Row = tuple[Any, ...]
Adapter = Callable[[Any], Any]

KEPT = local()
"""The cursor of each thread; two threads may share a connection, never a cursor."""
FIRST, SLICE = " LIMIT %s", " LIMIT %s OFFSET %s"
"""Ends of a statement; with OFFSET, PostgreSQL plans anew on each run: it may not be 0."""


def _cursor() -> Any:
    """Return the connection's cursor for our statements, the same one while it is connected.

    A cursor learns how its values are adapted: one for each statement takes half as long again
    as the statement. What it found is to be fetched whole.
    """
    # The thread's own, looked up once.
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    if database.queries_logged:
        return database.cursor()
    kept = getattr(KEPT, "cursor", None)
    if kept is None or kept.cursor.connection is not database.connection:
        kept = KEPT.cursor = database.cursor()
    return kept


class Marker:
    """Stands in a compiled parameter list for the value of a slot."""

    __slots__ = ("adapt", "index")

    def __init__(self, index: int, adapt: Adapter | None) -> None:
        self.index = index
        self.adapt = adapt


class Slot(Expression):
    """A place for a value: an expression whose SQL is one parameter.

    ``bind`` turns the value of a run into what ``output_field`` stores; None is NULL.
    """

    def __init__(
        self,
        index: int,
        output_field: models.Field[Any, Any] | None = None,
        bind: Adapter | None = None,
    ) -> None:
        super().__init__(output_field=output_field or models.TextField())
        self.index = index
        self.bind = bind

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return one placeholder and the marker of its value."""
        bind, prepare = self.bind, _preparing(self.output_field, connection)
        if bind is None or prepare is None:
            return "%s", [Marker(self.index, bind or prepare)]
        return "%s", [Marker(self.index, lambda value: prepare(bind(value)))]


def _preparing(field: models.Field[Any, Any], connection: Any) -> Adapter | None:
    """Return what makes a field's Python value the database's, None where it is that already."""
    if isinstance(field, models.TextField | models.CharField | models.IntegerField):
        return None
    if isinstance(field, models.DateTimeField):
        # Ours are aware; the field would look for others each time.
        adapt: Adapter = connection.ops.adapt_datetimefield_value
        return adapt
    return lambda value: field.get_db_prep_value(value, connection)


class Statement:
    """SQL whose parameters are constants and markers."""

    __slots__ = ("params", "sql")

    def __init__(self, sql: str, params: Iterable[Any]) -> None:
        self.sql = sql
        self.params = tuple(params)

    def fill(self, values: Sequence[Any]) -> list[Any]:
        """Return the parameters of one run."""
        return [
            (values[p.index] if p.adapt is None else p.adapt(values[p.index]))
            if p.__class__ is Marker
            else p
            for p in self.params
        ]

    def execute(self, values: Sequence[Any], *more: Any) -> Any:
        """Execute it, with further parameters at its end; return the cursor."""
        cursor = _cursor()
        cursor.execute(self.sql, [*self.fill(values), *more])
        return cursor

    def run(self, values: Sequence[Any]) -> int:
        """Execute it and return the number of rows it touched."""
        return int(self.execute(values).rowcount)


class Select(Statement):
    """A compiled SELECT; ``rows`` gives tuples with Django's converters applied."""

    __slots__ = ("converters",)

    def __init__(self, queryset: models.QuerySet[Any, Any], *, limits: str = "") -> None:
        self.converters: list[tuple[int, list[Any], Any]] = []
        try:
            compiler = queryset.query.get_compiler(connection=connection)
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            super().__init__("", ())
            return
        columns = [column[0] for column in compiler.select]
        found = compiler.get_converters(columns).items()
        self.converters = [(i, convs, expression) for i, (convs, expression) in found]
        super().__init__(sql + limits, params)

    def rows(self, values: Sequence[Any] = (), *limits: int) -> list[Row]:
        """Run it; ``limits`` are the numbers of a statement made with ``FIRST`` or ``SLICE``."""
        if not self.sql:
            return []
        rows: list[Row] = self.execute(values, *limits).fetchall()
        return [self._convert(row) for row in rows] if self.converters else rows

    def _convert(self, row: Row) -> Row:
        converted = list(row)
        for index, converters, expression in self.converters:
            for convert in converters:
                converted[index] = convert(converted[index], expression, connection)
        return tuple(converted)


BATCH = 4096


def batched(keys: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Return the keys in lists that a statement can take."""
    everything = list(keys)
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


def padded(values: Sequence[Any]) -> list[Any]:
    """Return the values filled up to a power of two, so that few IN lists are compiled."""
    size = 1 << max(len(values) - 1, 0).bit_length()
    return [*values, *[values[-1]] * (size - len(values))]


def slots(size: int, field: models.Field[Any, Any] | None = None, start: int = 0) -> list[Slot]:
    """Return the slots of an IN list of that size."""
    return [Slot(start + i, field) for i in range(size)]


def one_of(path: str, places: Sequence[Slot]) -> In:
    """Return the condition that a column is one of the slots' values."""
    return In(F(path), list(places))


ROWS = 128
"""Most rows of one INSERT: each number of rows is a statement that is compiled and kept."""


def insert(model: type[models.Model], rows: Sequence[dict[str, Any]]) -> Any:
    """Insert rows of the same columns; return the new key of a single row."""
    if len(rows) > 1:
        _run(model, rows, ignore=False)
        return None
    statement = _insert(model, tuple(rows[0]), 1, False, connection.vendor)
    [(key,)] = statement.execute(list(rows[0].values())).fetchall()
    return key


def insert_missing(model: type[models.Model], rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows that no unique constraint forbids; return how many there were."""
    return _run(model, rows, ignore=True)


def _run(model: type[models.Model], rows: Sequence[dict[str, Any]], *, ignore: bool) -> int:
    done = 0
    for batch in batched(rows, ROWS):
        statement = _insert(model, tuple(batch[0]), len(batch), ignore, connection.vendor)
        done += statement.run(list(chain.from_iterable(row.values() for row in batch)))
    return done


@lru_cache(maxsize=256)
def _insert(
    model: type[models.Model], columns: tuple[str, ...], count: int, ignore: bool, vendor: str
) -> Statement:
    fields: list[Any] = [model._meta.get_field(column) for column in columns]
    conflict = models.constants.OnConflict.IGNORE if ignore else None
    query = InsertQuery(model, on_conflict=conflict)
    objects = [model() for _ in range(count)]
    for i, instance in enumerate(objects):
        for j, field in enumerate(fields):
            instance.__dict__[field.attname] = Slot(i * len(fields) + j, _plain(field))
    query.insert_values(fields, objects, raw=True)
    compiler = query.get_compiler(connection=connection)
    if count == 1 and not ignore:
        compiler.returning_fields = [model._meta.pk]
    [(sql, params)] = compiler.as_sql()
    return Statement(sql, params)


def update(model: type[models.Model], pk: Any, values: dict[str, Any]) -> int:
    """Set columns of the row with that key; values may be expressions on columns."""
    fresh = {k: v for k, v in values.items() if not hasattr(v, "resolve_expression")}
    kept = {k: v for k, v in values.items() if k not in fresh}
    statement = _update(model, tuple(fresh), tuple(kept.items()), connection.vendor)
    return statement.run([pk, *fresh.values()])


@lru_cache(maxsize=512)
def _update(
    model: type[models.Model],
    fresh: tuple[str, ...],
    kept: tuple[tuple[str, Any], ...],
    vendor: str,
) -> Statement:
    meta = model._meta
    query: Any = model._default_manager.filter(pk=Slot(0, meta.pk)).query.chain(klass=UpdateQuery)
    places = {name: Slot(i, _plain(meta.get_field(name))) for i, name in enumerate(fresh, 1)}
    query.add_update_values({**places, **dict(kept)})
    sql, params = query.get_compiler(connection=connection).as_sql()
    return Statement(sql, params)


def _plain(field: Any) -> Any:
    # A foreign key adapts its value as the key it points to.
    return field.target_field if field.is_relation else field


def compile_delete(queryset: models.QuerySet[Any, Any]) -> Statement:
    """Compile the DELETE of a queryset on one table; no signals, no cascades."""
    query = queryset.query.chain(klass=DeleteQuery)
    sql, params = query.get_compiler(connection=connection).as_sql()
    return Statement(sql, params)
