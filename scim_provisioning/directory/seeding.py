"""Test data in bulk: a directory of any size, the same every time, for benchmarks.

Users come in the order of their numbers; a run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from scim_provisioning.models import Connection, ExternalId, MultiValue, ScimGroup, ScimUser, SignInClass
from scim_provisioning.protocol.fold import fold
from scim_provisioning.resources import mirror
from scim_provisioning.resources.relations import membership

BATCH = 2000
MEMBERS = 20
Progress = Callable[[int], Any]


def user_name(number: int) -> str:
    """Return the name of a seeded user."""
    return f"user{number:06d}@example.com"


def seed(
    owner: Connection, *, users: int, groups: int, big_group: int, progress: Progress
) -> None:
    """Make users 1 to ``users``, groups 2 to ``groups`` and ``big`` with the first users."""
    for start in range(1, users + 1, BATCH):
        numbers = range(start, min(start + BATCH, users + 1))
        with transaction.atomic():
            _seed_users(owner, numbers)
        progress(len(numbers))
    _seed_groups(owner, users, groups, big_group, progress)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _seed_users(owner: Connection, numbers: range) -> None:
    names = {number: user_name(number) for number in numbers}
    known = set(
        ScimUser.objects.filter(user_name_key__in=names.values()).values_list("user_name", flat=True)
    )
    fresh = {number: name for number, name in names.items() if name not in known}
    model: Any = get_user_model()
    accounts = [model(password="!", **_fields(n, name)) for n, name in fresh.items()]
    if not accounts:
        return
    model._default_manager.bulk_create(accounts)
    rows = [_row(owner, n, account) for n, account in zip(fresh, accounts, strict=True)]
    ScimUser.objects.bulk_create(rows)
    MultiValue.objects.bulk_create(_email(row) for row in rows)
    ExternalId.objects.bulk_create(
        _external_id(owner, row, n) for n, row in zip(fresh, rows, strict=True)
    )


def _fields(number: int, name: str) -> dict[str, Any]:
    roles = {
        mirror.USERNAME: name,
        mirror.EMAIL: name,
        mirror.FIRST_NAME: f"First{number}",
        mirror.LAST_NAME: f"Last{number % 5000}",
        mirror.ACTIVE: True,
    }
    return mirror.values(roles)


_BEGIN = timezone.now() - timedelta(days=400)


def _row(owner: Connection, number: int, account: Any) -> ScimUser:
    moment = _BEGIN + timedelta(milliseconds=number * 10)
    given, family, display = f"First{number}", f"Last{number % 5000}", f"First{number} Last{number % 5000}"
    return ScimUser(
        id=uuid4(),
        user=account,
        connection=owner,
        sign_in_class=SignInClass.BASIC,
        user_name=user_name(number),
        user_name_key=fold(user_name(number)),
        given_name=given,
        family_name=family,
        display_name=display,
        folded={
            "given_name": given.lower(),
            "family_name": family.lower(),
            "display_name": display.lower(),
        },
        created=moment,
        last_modified=moment,
    )


def _email(row: ScimUser) -> MultiValue:
    return MultiValue(
        user=row,
        attribute="emails",
        position=0,
        value=row.user_name,
        value_key=row.user_name_key,
        type="work",
        primary=True,
    )


def external_id(number: int) -> UUID:
    """Return the externalId of a seeded user."""
    return uuid5(NAMESPACE_URL, f"user:{number}")


def _external_id(owner: Connection, row: ScimUser, number: int) -> ExternalId:
    value = str(external_id(number))
    return ExternalId(connection=owner, user=row, value=value, value_key=value)


def _seed_groups(
    owner: Connection, users: int, groups: int, big_group: int, progress: Progress
) -> None:
    members = {"big": range(1, big_group + 1)} | {
        f"group-{g}": {1 + (g * 7919 + m * 104729) % users for m in range(1, MEMBERS + 1)}
        for g in range(2, groups + 1)
        if users
    }
    known = set(ScimGroup.objects.values_list("display_name", flat=True))
    for name, numbers in members.items():
        if name not in known:
            with transaction.atomic():
                _seed_group(owner, name, list(numbers))
        progress(1)


def _seed_group(owner: Connection, name: str, numbers: list[int]) -> None:
    group = Group(name=name)
    # Its SCIM row is made below, not by the receiver.
    group._scim_in_charge = True  # type: ignore[attr-defined]
    group.save(force_insert=True)
    ScimGroup.objects.create(
        group=group, connection=owner, display_name=name, display_name_key=fold(name)
    )
    through, user, group_field = membership()
    for keys in _keys(numbers):
        through._default_manager.bulk_create(
            through(**{f"{user}_id": key, f"{group_field}_id": group.pk}) for key in keys
        )


def _keys(numbers: list[int]) -> Iterator[list[Any]]:
    for start in range(0, len(numbers), BATCH):
        names = [fold(user_name(number)) for number in numbers[start : start + BATCH]]
        yield list(
            ScimUser.objects.filter(user_name_key__in=names).values_list("user_id", flat=True)
        )
