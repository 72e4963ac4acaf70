"""Attributes in a column, of the SCIM row or of the account beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F

from scim_provisioning.models.ordering import Folded
from scim_provisioning.protocol.attributes import Attribute, Json, Target, Type
from scim_provisioning.protocol.errors import InvalidFilter, InvalidValue
from scim_provisioning.protocol.fold import fold
from scim_provisioning.resources.expressions import Operand

from .base import FIELDS, Binding, is_folded, timestamp


@dataclass(frozen=True)
class Column(Binding):
    """A singular attribute in a column of the SCIM row.

    ``key`` names a column with the folded value under a unique index; ``mirror`` names the
    role of the user model's field that gets a copy: see ``resources.mirror``.
    """

    name: str
    key: str | None = None
    mirror: str | None = None
    limit: int | None = None
    stored: bool = field(default=True, init=False)

    @property
    def columns(self) -> Sequence[Any]:
        """The column itself."""
        return (self.name,)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the column's value."""
        value = values[0]
        return timestamp(value) if isinstance(value, datetime) else value

    def write(self, value: Json, attribute: Attribute) -> dict[str, Any]:
        """Return the column, with its key where it has one."""
        if self.limit and value is not None and len(value) > self.limit:
            raise InvalidValue(f"{attribute.name} is longer than {self.limit} characters.")
        if attribute.type is Type.DATETIME and value is not None:
            value = datetime.fromisoformat(value)
        columns = {self.name: value}
        if self.key:
            columns[self.key] = fold(value)
        return columns

    def present(self, target: Target) -> Any:
        """It is there where the column has a value."""
        return models.Q(**{f"{self.name}__isnull": False})

    def operand(self, target: Target) -> Operand:
        """Return the column, folded where case does not count."""
        kind = target.leaf.type
        if kind in FIELDS:
            return Operand(F(self.name), FIELDS[kind])
        if self.key:
            return Operand(F(self.key), key=F(self.key), key_prefix=True, sorts=True)
        return Operand(Folded(self.name) if is_folded(target.leaf) else F(self.name))


@dataclass(frozen=True)
class AccountColumn(Binding):
    """A column of the site's own user or group, read where it is: clients cannot write it.

    ``path`` begins at the SCIM row: ``user__phone``.
    """

    path: str
    made_elsewhere: bool = field(default=True, init=False)

    @property
    def columns(self) -> Sequence[Any]:
        """The column itself."""
        return (self.path,)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the column's value, None where it is empty."""
        value = values[0]
        return timestamp(value) if isinstance(value, datetime) else None if value == "" else value

    def operand(self, target: Target) -> Operand:
        """Return the column; raise InvalidFilter for text of which case does not count."""
        if is_folded(target.leaf):
            raise InvalidFilter(f"{target.key} has no folded twin: declare it caseExact.")
        kind = target.leaf.type
        return Operand(F(self.path), FIELDS[kind]) if kind in FIELDS else Operand(F(self.path))
