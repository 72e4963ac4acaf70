"""The rows of a group's members: asked for, inserted and deleted by statements compiled once.

One statement checks the ids and tells who is a member already, one inserts, one deletes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.db.models.signals import m2m_changed

from scim_provisioning import hosting
from scim_provisioning.context import Context
from scim_provisioning.models import ScimUser
from scim_provisioning.resources.asked import base_values
from scim_provisioning.resources.expressions import FIRST_VALUE, SHOWS_PROTECTED
from scim_provisioning.resources.relations import membership
from scim_provisioning.statements import (
    Select,
    Slot,
    batched,
    compile_delete,
    insert_missing,
    one_of,
    padded,
    slots,
)

from . import nesting
from .nesting import Found, Known, Seen


def named(group_id: Any, ids: Sequence[UUID]) -> Found:
    """Return those of the ids that name an unprotected user."""
    found: Found = {}
    for batch in batched(ids):
        places = padded(batch)
        rows = _checking(len(places), hosting.variant()).rows([group_id, *places])
        found |= {row[0]: Known(*row[1:]) for row in rows}
    return found


def _key_of(through: type[models.Model], name: str) -> Any:
    relation: Any = through._meta.get_field(name)
    return relation.target_field


@lru_cache(maxsize=128)
def _checking(size: int, variant: Hashable) -> Select:
    through, user, group = membership()
    key = _key_of(through, group)
    members = through._default_manager.filter(**{user: OuterRef("user_id"), group: Slot(0, key)})
    ids = slots(size, models.UUIDField(), 1)
    seen = hosting.condition("user", "user")
    rows = ScimUser.objects.filter(one_of("pk", ids), seen, listed=True)
    return Select(rows.values_list("id", "user_id", "connection_id", Exists(members)))


def seen(group_id: Any, context: Context) -> tuple[list[Seen], list[Seen]]:
    """Return the users and the groups in a group that the client sees."""
    users = _members(hosting.variant()).rows([*base_values(context), group_id])
    shown = context.principal.shows_protected
    return users, nesting.members(group_id, shows_protected=shown)


@lru_cache(maxsize=32)
def _members(variant: Hashable) -> Select:
    through, user, group = membership()
    key = _key_of(through, group)
    rows = through._default_manager.filter(
        Q(**{f"{user}__scim__listed": True}) | Q(Slot(SHOWS_PROTECTED, models.BooleanField())),
        hosting.condition("user", user),
        **{group: Slot(FIRST_VALUE, key), f"{user}__scim__isnull": False},
    )
    return Select(rows.values_list(f"{user}__scim__id", user, f"{user}__scim__listed"))


def insert(group_id: Any, users: Iterable[Any]) -> None:
    """Let users into a group; who is in it stays."""
    through, user, group = membership()
    for batch in batched(users):
        with _announced("add", group_id, batch):
            insert_missing(through, [{user: key, group: group_id} for key in batch])


def delete(group_id: Any, users: Iterable[Any]) -> None:
    """Take users out of a group."""
    for batch in batched(users):
        places = padded(batch)
        with _announced("remove", group_id, batch):
            _deleting(len(places), connection.vendor).run([group_id, *places])


@lru_cache(maxsize=16)
def _deleting(size: int, vendor: str) -> Any:
    through, user, group = membership()
    users = slots(size, _key_of(through, user), 1)
    rows = through._default_manager.filter(**{group: Slot(0, _key_of(through, group))})
    return compile_delete(rows.filter(one_of(user, users)))


class _announced:
    """Tells other apps' receivers what Django's own relation would have told them."""

    def __init__(self, action: str, group_id: Any, users: Sequence[Any]) -> None:
        self.action = action
        self.group = Group(pk=group_id)
        # Ours has nothing to do: the version is written at the end.
        self.group._scim_in_charge = True  # type: ignore[attr-defined]
        self.users = set(users)

    def _send(self, moment: str) -> None:
        m2m_changed.send(
            sender=membership()[0],
            instance=self.group,
            action=f"{moment}_{self.action}",
            reverse=True,
            model=get_user_model(),
            pk_set=self.users,
            using=connection.alias,
        )

    def __enter__(self) -> None:
        self._send("pre")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._send("post")
