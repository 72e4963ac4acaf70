"""``externalId``: each identity provider has its own, and sees no other's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Case, F, OuterRef, Subquery, When

from scim_provisioning.models import ExternalId
from scim_provisioning.protocol.attributes import Attribute, Json, Target
from scim_provisioning.protocol.tree import Operator
from scim_provisioning.resources.expressions import CONNECTION, TEXT, Operand, lookup_key
from scim_provisioning.statements import Slot

from .base import Binding


@dataclass(frozen=True)
class PerConnection(Binding):
    """``externalId``: what the asking connection calls the resource."""

    owner: str
    stored: bool = field(default=True, init=False)
    apart: bool = field(default=True, init=False)

    @property
    def columns(self) -> Sequence[Any]:
        """The value of this connection."""
        return (self._subquery("value"),)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the value."""
        return values[0]

    def operand(self, target: Target) -> Operand:
        """Return the value of this connection."""
        return Operand(self._subquery("value"))

    def condition(self, operator: Operator, target: Target, index: int) -> Any:
        """Return the condition; ``eq`` goes by the index to the keys of the rows."""
        if operator is not Operator.EQ:
            return super().condition(operator, target, index)
        rows = ExternalId.objects.filter(
            connection=Slot(CONNECTION, models.BigAutoField()),
            value_key=Slot(index, TEXT, lookup_key),
            value=Slot(index, TEXT),
        )
        return models.Q(pk__in=rows.filter(**{f"{self.owner}__isnull": False}).values(self.owner))

    def by_index(self, operator: Operator, target: Target) -> bool:
        """Whether it is ``eq``: see ``condition``."""
        return operator is Operator.EQ

    def _subquery(self, column: str) -> Subquery:
        rows = ExternalId.objects.filter(
            **{self.owner: OuterRef("pk")}, connection=Slot(CONNECTION, models.BigAutoField())
        )
        return Subquery(rows.values(column)[:1], output_field=TEXT)


@dataclass(frozen=True)
class OwnersExternalId(Binding):
    """``externalId`` in a column of the row: what its owner calls it, unknown to all others."""

    name: str = "external_id"
    stored: bool = field(default=True, init=False)

    @property
    def columns(self) -> Sequence[Any]:
        """The column, for its owner."""
        return (self._scoped(),)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the value."""
        return values[0]

    def write(self, value: Json, attribute: Attribute) -> dict[str, Any]:
        """Return the column."""
        return {self.name: value}

    def operand(self, target: Target) -> Operand:
        """Return the value for its owner."""
        return Operand(self._scoped())

    def _scoped(self) -> Case:
        owned = When(connection=Slot(CONNECTION, models.BigAutoField()), then=F(self.name))
        return Case(owned, output_field=TEXT)
