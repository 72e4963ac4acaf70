"""What other tables hold of a resource, as one column of its row.

A resource and all that belongs to it are read by one statement, so as of one moment.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import QuerySet, Subquery
from django.db.models.functions import JSONArray

from scim_provisioning.protocol.attributes import Json


class Collected(Subquery):
    """The rows of a queryset, in their order, as a list that holds ``parts`` of each.

    Values come as JSON has them: a UUID is its text, and on SQLite a boolean is 0 or 1, JSON
    its text.
    """

    template = "ARRAY(%(subquery)s)"
    output_field = models.TextField()

    def __init__(self, rows: QuerySet[Any, Any], parts: Sequence[Any]) -> None:
        super().__init__(rows.annotate(_parts=JSONArray(*parts)).values("_parts"))

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:
        """By an aggregate: SQLite has no arrays."""
        template = "(SELECT JSON_GROUP_ARRAY(JSON(_parts)) FROM (%(subquery)s))"
        return self.as_sql(compiler, connection, template=template)

    def get_db_converters(self, connection: Any) -> list[Any]:
        """Return what makes lists of it."""
        return [_lists]


def _lists(value: Any, expression: Any, connection: Any) -> list[list[Json]]:
    text = value if isinstance(value, str) else f"[{','.join(value)}]"
    found: list[list[Json]] = json.loads(text)
    return found
