"""Test data in bulk: a directory of any size, the same one each time, made in minutes.

Users are numbered from 1: ``user000001@example.com`` and so on, created in that order.
Groups are ``big``, which holds the first users, and ``group-2`` and so on with twenty
members each. Batches are short transactions; what is there already is passed over, so
that a run that was broken off is taken up by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import connection as database
from django.db import models, transaction

from scim_provisioning.models import (
    Connection,
    ExternalId,
    MultiValue,
    ScimGroup,
    ScimUser,
    SignInClass,
)
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.resources import mirror, registry
from scim_provisioning.resources.expressions import lookup_key
from scim_provisioning.resources.mapping import Changes, ResourceMapping
from scim_provisioning.resources.relations import Rows, membership
from scim_provisioning.statements import insert, insert_missing

from .rows import FRESH

BATCH = 500
"""Users, or memberships, of one transaction: all statements stay below 32,766 parameters."""
MEMBERS = 20
"""Members of each group other than ``big``."""
BIG = "big"
FIRST_CREATED = datetime(2024, 1, 1, tzinfo=UTC)
Progress = Callable[[int], object]


class SeedingProblem(ValueError):
    """A directory that cannot be made as asked; the message is one line for people."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How large the directory is to be; ``groups`` counts ``big`` in."""

    users: int
    groups: int
    big_group: int

    @property
    def steps(self) -> int:
        """How far ``progress`` counts."""
        return self.users + self.groups + self.big_group

    def check(self) -> None:
        """Raise SeedingProblem where the numbers do not go together."""
        if min(self.users, self.groups, self.big_group) < 0:
            raise SeedingProblem("The numbers of users, groups and members cannot be negative.")
        if self.big_group > self.users:
            raise SeedingProblem(f"There are only {self.users} users to put into the big group.")
        if self.big_group and not self.groups:
            raise SeedingProblem("The big group is one of the groups: ask for one at least.")
        if self.groups > 1 and not self.users:
            raise SeedingProblem("Groups need users as their members.")


@dataclass(frozen=True, slots=True)
class Seeded:
    """What one run added."""

    users: int
    groups: int
    members: int


def seed(owner: Connection, plan: Plan, progress: Progress = lambda done: None) -> Seeded:
    """Make what is missing of the directory, owned by a connection, and tell the planner.

    Raises SeedingProblem.
    """
    plan.check()
    password = make_password(None)
    users = 0
    for numbers in _batches(range(1, plan.users + 1), BATCH):
        users += _seed_users(numbers, owner, password)
        progress(len(numbers))
    groups, members = _seed_groups(plan, owner, progress)
    _analyze()
    return Seeded(users, groups, members)


def user_name(number: int) -> str:
    """Return the userName of a numbered user; its own folded form too."""
    return f"user{number:06d}@example.com"


def user_document(number: int) -> dict[str, Json]:
    """Return a numbered user as a client would send it."""
    name, given, family = user_name(number), f"First{number}", f"Last{number % 5000}"
    return {
        "externalId": str(uuid5(NAMESPACE_URL, name)),
        "userName": name,
        "active": True,
        "displayName": f"{given} {family}",
        "name": {"givenName": given, "familyName": family},
        "emails": [{"value": name, "type": "work", "primary": True}],
    }


def group_document(number: int) -> dict[str, Json]:
    """Return a numbered group, without its members, as a client would send it."""
    name = BIG if number == 1 else f"group-{number}"
    return {"externalId": str(uuid5(NAMESPACE_URL, name)), "displayName": name}


def group_members(number: int, users: int) -> list[int]:
    """Return which users are in a numbered group: spread evenly, some perhaps twice."""
    return [1 + (number * 7919 + i * 104729) % users for i in range(1, MEMBERS + 1)]


def _batches(numbers: range, size: int) -> Iterator[range]:
    return (numbers[at : at + size] for at in range(0, len(numbers), size))


def _seed_users(numbers: range, owner: Connection, password: str) -> int:
    present = _accounts(numbers)
    documents = {n: user_document(n) for n in numbers if user_name(n) not in present}
    if not documents:
        return 0
    mapping = registry.mapping("User")
    facts = FRESH | {"sign_in_class": SignInClass.BASIC}
    with transaction.atomic():
        owners = _new_accounts(mapping, documents.values(), password)
        keys = {n: owners[user_name(n)] for n in documents}
        _insert_rows(mapping, documents, keys, owner, facts)
    return len(documents)


def _accounts(numbers: Iterable[int]) -> dict[str, Any]:
    """Map the names of the numbered users that exist in SCIM to their accounts' keys."""
    names = [user_name(n) for n in numbers]
    rows = ScimUser.objects.filter(user_name_key__in=names)
    return {str(key): owner for key, owner in rows.values_list("user_name_key", "user_id")}


def _new_accounts(
    mapping: ResourceMapping, documents: Iterable[Json], password: str
) -> dict[str, Any]:
    model: Any = get_user_model()
    fields = [f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField)]
    rows = []
    for document in documents:
        roles = mapping.mirrored(mapping.changes({}, document))
        account = model(password=password, **mirror.values(roles))
        rows.append({field.name: field.pre_save(account, True) for field in fields})
    insert_missing(model, rows)
    name = model.USERNAME_FIELD
    found = model._default_manager.filter(**{f"{name}__in": [row[name] for row in rows]})
    return dict(found.values_list(name, "pk"))


def _insert_rows(
    mapping: ResourceMapping,
    documents: dict[int, Json],
    keys: dict[int, Any],
    owner: Connection,
    facts: dict[str, Any],
) -> None:
    """Insert the SCIM side of numbered resources whose Django rows have these keys."""
    rows, values, external = [], [], []
    for number, document in documents.items():
        changes, identifier = mapping.changes({}, document), uuid4()
        created = FIRST_CREATED + timedelta(milliseconds=number)
        times = {"created": created, "last_modified": created}
        place = {"id": identifier, str(mapping.owner): keys[number], "connection": owner.pk}
        rows.append({**place, **facts, **times, **mapping.columns(changes, document)})
        values += _value_rows(mapping, identifier, changes)
        external.append(_external_id(mapping, identifier, owner, document))
    insert(mapping.model, rows)
    insert(ExternalId, external)
    if values:
        insert(MultiValue, values)


def _value_rows(mapping: ResourceMapping, identifier: Any, changes: Changes) -> list[Any]:
    found = []
    for key, (_, after) in changes.items():
        binding = mapping.bindings[key]
        if isinstance(binding, Rows):
            found += binding.rows(identifier, after, mapping.targets[key].leaf)
    return found


def _external_id(
    mapping: ResourceMapping, identifier: Any, owner: Connection, document: Json
) -> dict[str, Any]:
    value = document["externalId"]
    place = {"connection": owner.pk, str(mapping.owner): identifier}
    return {**place, "value": value, "value_key": lookup_key(value)}


def _seed_groups(plan: Plan, owner: Connection, progress: Progress) -> tuple[int, int]:
    groups = members = 0
    if plan.groups:
        groups += _new_groups([1], owner)
        members += _fill_big_group(plan.big_group, progress)
        progress(1)
    for numbers in _batches(range(2, plan.groups + 1), BATCH // MEMBERS):
        added, joined = _seed_small_groups(numbers, owner, plan.users)
        groups, members = groups + added, members + joined
        progress(len(numbers))
    return groups, members


@transaction.atomic
def _seed_small_groups(numbers: range, owner: Connection, users: int) -> tuple[int, int]:
    added = _new_groups(numbers, owner)
    # A batch is one transaction: where no group was missing, no member is.
    pairs = {n: group_members(n, users) for n in numbers} if added else {}
    return added, _join(pairs)


@transaction.atomic
def _new_groups(numbers: Sequence[int], owner: Connection) -> int:
    documents = {n: group_document(n) for n in numbers}
    keys = [d["displayName"] for d in documents.values()]
    rows = ScimGroup.objects.filter(display_name_key__in=keys)
    present = set(rows.values_list("display_name_key", flat=True))
    missing = {n: d for n, d in documents.items() if d["displayName"] not in present}
    if not missing:
        return 0
    names = {n: d["displayName"] for n, d in missing.items()}
    insert_missing(Group, [{"name": name} for name in names.values()])
    found = dict(Group.objects.filter(name__in=names.values()).values_list("name", "pk"))
    owners = {n: found[name] for n, name in names.items()}
    _insert_rows(registry.mapping("Group"), missing, owners, owner, FRESH)
    return len(missing)


def _fill_big_group(size: int, progress: Progress) -> int:
    through, _, group = membership()
    key = ScimGroup.objects.values_list("group_id", flat=True).get(display_name_key=BIG)
    if through._default_manager.filter(**{group: key}).count() >= size:
        progress(size)
        return 0
    added = 0
    for numbers in _batches(range(1, size + 1), BATCH):
        added += _join({1: numbers})
        progress(len(numbers))
    return added


def _join(members: Mapping[int, Sequence[int]]) -> int:
    """Put numbered users into numbered groups; return how many were not there yet."""
    if not members:
        return 0
    through, user, group = membership()
    names = [group_document(number)["displayName"] for number in members]
    rows = ScimGroup.objects.filter(display_name_key__in=names)
    groups = dict(rows.values_list("display_name_key", "group_id"))
    users = _accounts({n for numbers in members.values() for n in numbers})
    pairs = [
        {user: users[user_name(n)], group: groups[name]}
        for name, numbers in zip(names, members.values(), strict=True)
        for n in numbers
    ]
    return insert_missing(through, pairs)


def _analyze() -> None:
    """Tell the planner how large the tables have become."""
    if database.vendor not in ("postgresql", "sqlite"):
        return
    # VACUUM makes index-only scans possible; it cannot run inside a transaction.
    vacuum = database.vendor == "postgresql" and not database.in_atomic_block
    tables: list[Any] = [
        get_user_model(),
        Group,
        membership()[0],
        ScimUser,
        ScimGroup,
        MultiValue,
        ExternalId,
    ]
    with database.cursor() as cursor:
        if vacuum:
            cursor.execute("SET statement_timeout = 0")
        for model in tables:
            name = database.ops.quote_name(model._meta.db_table)
            cursor.execute(f"{'VACUUM ANALYZE' if vacuum else 'ANALYZE'} {name}")
