"""What other tables hold of a resource, as one column of its row.

A resource and all that belongs to it are read by one statement, so as of one moment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.db import models
from django.db.models import Func, QuerySet, Subquery

from scim_provisioning.protocol.attributes import Json

Lists = list[list[Json]]


class _Array(Func):
    # Django's JSONArray makes jsonb, which PostgreSQL has to write and read once more.
    function = "JSON_BUILD_ARRAY"
    output_field = models.TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_ARRAY", **extra)


class Collected(Subquery):
    """The rows of a queryset, in their order, as a list that holds ``parts`` of each.

    Values come as JSON has them: a UUID is its text, and on SQLite a boolean is 0 or 1, JSON
    its text. ``read`` is what becomes of the list.
    """

    template = "(SELECT JSON_AGG(_parts) FROM (%(subquery)s) AS _rows)"
    output_field = models.TextField()

    def __init__(
        self, rows: QuerySet[Any, Any], parts: Sequence[Any], read: Callable[[Lists], Any] = list
    ) -> None:
        super().__init__(rows.annotate(_parts=_Array(*parts)).values("_parts"))
        self.read = read

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:
        """By SQLite's own aggregate."""
        template = "(SELECT JSON_GROUP_ARRAY(JSON(_parts)) FROM (%(subquery)s))"
        return self.as_sql(compiler, connection, template=template)

    def get_db_converters(self, connection: Any) -> list[Any]:
        """Return what reads the list."""
        return [self._convert]

    def _convert(self, value: Any, expression: Any, connection: Any) -> Any:
        return self.read(json.loads(value) if isinstance(value, str) else value or [])
