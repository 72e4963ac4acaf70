"""Relation bindings: multi-valued attributes, each value a row of its own.

A filter on them is one ``EXISTS`` per value path; a resource is read with all its values
by one statement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from scim_provisioning import hosting
from scim_provisioning.models import MultiValue
from scim_provisioning.models.ordering import Folded
from scim_provisioning.protocol.attributes import Attribute, Json, Target, Type
from scim_provisioning.protocol.errors import InvalidFilter
from scim_provisioning.protocol.fold import fold
from scim_provisioning.protocol.identifiers import shown
from scim_provisioning.statements import Slot

from .bindings import Binding, is_folded, reference_operand, uuid_operand
from .collecting import Collected
from .expressions import (
    BOOLEAN,
    SHOWS_PROTECTED,
    TEXT,
    Operand,
    constant,
    json_text,
    lookup_key,
)

COLUMNS = ("value", "type", "display", "primary")


class Relation(Binding):
    """A multi-valued attribute: its values are rows that point to the resource."""

    apart = True
    owner = "id"
    """The column of the resource that the rows point to."""

    def queryset(self) -> QuerySet[Any, Any]:
        """Return the rows that clients may see, of all resources."""
        raise NotImplementedError

    @property
    def branches(self) -> tuple[Relation, ...]:
        """The relations that hold the values: this one alone, unless several do together."""
        return (self,)

    def alternatives(self, conditions: Sequence[Q | None], *, by_index: bool = False) -> list[Q]:
        """Return what a resource meets one of where a branch has a row that meets its condition.

        ``by_index``: an index finds these rows.
        """
        pairs = zip(self.branches, conditions, strict=True)
        return [branch.exists(condition, by_index=by_index) for branch, condition in pairs]

    owner_path = "user"
    """The path from a row to its owner's key."""

    def part(self, sub: Attribute) -> Operand:
        """Return what a comparison of a sub-attribute compares, within a row."""
        raise InvalidFilter(f"{sub.name} cannot be used in a filter.")

    def exists(self, condition: Q | None, *, by_index: bool = False) -> Q:
        """Return the condition that a resource has a row that meets the condition."""
        rows = self.queryset() if condition is None else self.queryset().filter(condition)
        if by_index:
            # SQLite would ask every resource for such a row, instead of the index once.
            return Q(**{f"{self.owner}__in": rows.values(self.owner_path)})
        return Q(Exists(rows.filter(**{self.owner_path: OuterRef(self.owner)})))

    @property
    def sources(self) -> tuple[Relation, ...]:
        """The relations that its values are read from: this one alone, or several."""
        return (self,)

    @property
    def parts(self) -> tuple[Any, ...]:
        """The columns of a row that ``entries`` makes a value of."""
        raise NotImplementedError

    @property
    def columns(self) -> Sequence[Any]:
        """All its rows, as one column for each source."""
        return tuple(source.collected() for source in self.sources)

    def collected(self) -> Collected:
        """Return the rows of one resource as a column of its own."""
        rows = self.queryset().filter(**{self.owner_path: OuterRef(self.owner)})
        return Collected(rows.order_by("pk"), self.parts)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the values of a resource, None where there are none."""
        pairs = zip(self.sources, values, strict=True)
        return [entry for source, rows in pairs for entry in source.entries(rows, base_url)] or None

    def entries(self, rows: Sequence[Sequence[Any]], base_url: str) -> Iterable[dict[str, Json]]:
        """Return the values that rows of ``parts`` stand for."""
        raise NotImplementedError


Within = tuple[Target, Relation]
"""An attribute and the relation that holds its values, or a part of them."""


def part(name: str, within: Within) -> Operand:
    """Return what a comparison of a sub-attribute compares, within a row."""
    target, relation = within
    sub = target.attribute.sub(name)
    assert sub is not None
    return relation.part(sub)


@dataclass(frozen=True)
class Rows(Relation):
    """An attribute of ``MultiValue``; all of them load together.

    ``indexed`` says that values are looked up by ``eq`` (not certificates, not photos);
    ``mirror`` as in ``bindings.Column``: the primary, or the first, value.
    """

    name: str
    indexed: bool = True
    mirror: str | None = None
    stored: bool = field(default=True, init=False)
    shared: str = field(default="values", init=False)

    def queryset(self) -> QuerySet[Any, Any]:
        """Return the rows of this attribute."""
        return MultiValue.objects.filter(attribute=self.name)

    def part(self, sub: Attribute) -> Operand:
        """Return the column, or the part of the JSON column, of a sub-attribute."""
        if sub.type is Type.BOOLEAN:
            return Operand(F(sub.name), BOOLEAN)
        exact = not is_folded(sub)
        if sub.name not in COLUMNS:
            return Operand(json_text("rest", sub.name, exact=exact))
        text = F(sub.name) if exact else Folded(sub.name)
        if sub.name == "value" and self.indexed:
            return Operand(text, key=F("value_key"), bind=lookup_key)
        return Operand(text)

    def collected(self) -> Collected:
        """Return the values of every ``Rows`` attribute: one column serves them all."""
        rows = MultiValue.objects.filter(user=OuterRef(self.owner)).order_by("position")
        return Collected(rows, ("attribute", *COLUMNS, "rest"), _by_attribute)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return those of this attribute."""
        return values[0].get(self.name)

    def rows(self, owner: Any, values: Json, attribute: Attribute) -> list[dict[str, Any]]:
        """Return the rows that hold the values of one resource."""
        return [self._row(owner, i, value, attribute) for i, value in enumerate(values or ())]

    def _row(self, owner: Any, position: int, entry: Json, attribute: Attribute) -> dict[str, Any]:
        folds = {
            sub.name: text
            for sub in attribute.sub_attributes
            if is_folded(sub)
            and isinstance(entry.get(sub.name), str)
            and (text := fold(entry[sub.name])) != entry[sub.name]
        }
        value = entry.get("value")
        key = lookup_key(folds.get("value", value)) if self.indexed and value else None
        return {
            "user": owner,
            "attribute": self.name,
            "position": position,
            **{column: entry.get(column) for column in COLUMNS},
            "value_key": key,
            "rest": {k: v for k, v in entry.items() if k not in COLUMNS},
            "folded": folds,
        }


def _by_attribute(rows: list[list[Json]]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for name, *parts in rows:
        found.setdefault(name, []).append(_entry(parts))
    return found


def _entry(parts: Sequence[Any]) -> dict[str, Json]:
    *columns, rest = parts
    entry = {name: value for name, value in zip(COLUMNS, columns, strict=True) if value is not None}
    if "primary" in entry:
        entry["primary"] = bool(entry["primary"])
    others: dict[str, Json] = json.loads(rest) if isinstance(rest, str) else rest
    return entry | others


def membership() -> tuple[type[models.Model], str, str]:
    """Return the model between users and groups, and its two foreign keys' names."""
    relation: Any = get_user_model()._meta.get_field("groups")
    through = relation.remote_field.through
    return through, relation.m2m_field_name(), relation.m2m_reverse_field_name()


def visible(path: str, owner: str) -> Q:
    """Return the condition that the user or group at a path is shown to this request."""
    shown = Q(Slot(SHOWS_PROTECTED, BOOLEAN)) & Q(**{f"{path}__isnull": False})
    if owner == "user":
        shown &= Q(**{f"{path}__deleted__isnull": True})
    account = path.removesuffix("scim").removesuffix("__") or "pk"
    return (Q(**{f"{path}__listed": True}) | shown) & hosting.condition(owner, account)


@dataclass(frozen=True)
class Membership(Relation):
    """``groups`` of a user, or ``members`` of a group: Django's membership from one side."""

    name: str
    endpoint: str
    kind: str

    @property
    def _sides(self) -> tuple[type[models.Model], str, str]:
        """The model between, the foreign key to the owner, the one to the other side."""
        through, user, group = membership()
        return (through, user, group) if self.name == "groups" else (through, group, user)

    @property
    def owner(self) -> str:  # type: ignore[override]
        """The column of the resource that memberships point to."""
        return "user_id" if self.name == "groups" else "group_id"

    @property
    def owner_path(self) -> str:  # type: ignore[override]
        """The path from a membership to its owner."""
        return self._sides[1]

    @property
    def _other(self) -> str:
        return f"{self._sides[2]}__scim"

    @property
    def _names_groups(self) -> bool:
        return self.endpoint == "/Groups"

    @property
    def _label(self) -> Any:
        if self._names_groups:
            return F(f"{self._other}__display_name")
        names = F(f"{self._other}__display_name"), F(f"{self._other}__user_name")
        return Coalesce(*names, output_field=TEXT)

    def queryset(self) -> QuerySet[Any, Any]:
        """Return the memberships whose other side is shown."""
        through: Any = self._sides[0]
        rows: QuerySet[Any, Any] = through._default_manager.filter(
            visible(self._other, "group" if self._names_groups else "user")
        )
        return rows

    def part(self, sub: Attribute) -> Operand:
        """Return the other side's id, label or URI."""
        match sub.name:
            case "value":
                return uuid_operand(f"{self._other}__id")
            case "$ref":
                return reference_operand(f"{self._other}__id", self.endpoint)
            case "display":
                # Folded on the fly: labels of two columns have no twin of their own.
                return Operand(self._folded_label())
            case "type":
                return constant(fold(self.kind))
        raise InvalidFilter(f"{self.name}.{sub.name} cannot be used in a filter.")

    def _folded_label(self) -> Any:
        path = self._other
        if self._names_groups:
            return F(f"{path}__display_name_key")
        names = (json_path(path, "display_name"), F(f"{path}__display_name"))
        return Coalesce(*names, F(f"{path}__user_name_key"), output_field=TEXT)

    @property
    def parts(self) -> tuple[Any, ...]:
        """The id and the label of the other side."""
        return f"{self._other}__id", self._label

    def entries(self, rows: Sequence[Sequence[Any]], base_url: str) -> Iterable[dict[str, Json]]:
        """Return a reference to each other side."""
        base = f"{base_url}{self.endpoint}/"
        for key, label in rows:
            identifier = shown(UUID(key))
            yield {
                "value": identifier,
                "$ref": f"{base}{identifier}",
                "display": label,
                "type": self.kind,
            }


def json_path(path: str, key: str) -> Any:
    """Return a folded text of a related SCIM row."""
    return models.fields.json.KeyTextTransform(key, f"{path}__folded")
