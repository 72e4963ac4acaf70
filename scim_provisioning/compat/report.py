"""What differs between django-scim2's rows and SCIM's, told by number and by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.db.models.functions import Lower

from scim_provisioning.protocol.fold import fold

from . import contract
from .objects import NAMES

MOST_NAMED = 20


@dataclass(slots=True)
class Report:
    """What differs of one kind of resource, or was written.

    ``left_out`` names those whose id cannot be kept or is another's, ``named_otherwise``
    those whose name in SCIM is not the account's: the account's stays; ``colliding`` those
    whose name is another's but for case, who get no key until one is renamed.
    """

    seen: int = 0
    without_id: int = 0
    added: int = 0
    ids: int = 0
    external_ids: int = 0
    owned: int = 0
    memberships: int = 0
    left_out: list[str] = field(default_factory=list)
    named_otherwise: list[str] = field(default_factory=list)
    colliding: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to move."""
        return not (self.added or self.ids or self.external_ids or self.owned or self.memberships)

    def leave_out(self, one: str) -> None:
        """Name what is left out, and why."""
        _add(self.left_out, one)

    def compare_names(self, owner: str, one: Any) -> None:
        """Name a user or group whose name in SCIM is not the account's."""
        name = str(one.get_username()) if owner == "user" else one.name
        sent = getattr(one, NAMES[owner][0], None)
        if sent and fold(sent) != fold(name):
            _add(self.named_otherwise, f"{name}: django-scim2 had {sent!r}")


def colliding(owner: str) -> list[str]:
    """Return the names that several have but for case, as the database tells it."""
    model = contract.model(owner)
    name = getattr(model, "USERNAME_FIELD", "name")
    rows = model._default_manager.order_by().values(_name=Lower(name))
    found = rows.annotate(_count=Count("pk")).filter(_count__gt=1).order_by("_name")
    return list(found.values_list("_name", flat=True)[:MOST_NAMED])


def _add(names: list[str], name: str) -> None:
    if len(names) < MOST_NAMED:
        names.append(name)
    elif len(names) == MOST_NAMED:
        names.append("…")
