"""Rows for what was there before, and the drift that signals cannot see.

Small batches in the order of keys: no long transaction, no locked table, and memory for
one batch only. A batch in which nothing is off costs the same few queries, whatever its
size. Repairs lock one row each and look at it again first: clients go on writing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from scim_provisioning.models import (
    Finding,
    FindingKind,
)
from scim_provisioning.protocol.fold import fold
from scim_provisioning.resources import mirror

from . import closure
from .comparing import Differences, Side, of_groups, of_users, row_of
from .findings import settle_collision

BATCH = 500
ATTEMPTS = 3
"""How often a batch is tried whose accounts got their rows, or names, from someone else."""
REVIVED = "deleted by SCIM, and the account is active again"
Progress = Callable[[int], object]


@dataclass(slots=True)
class Counts:
    """What was off among users, or among groups.

    ``added`` had no SCIM row; ``drifted`` said something else; ``freed`` had no key for a
    name that is unique by now; ``revived`` accounts are active although SCIM deleted them,
    which is a finding for a person to resolve and is never mended.
    """

    added: int = 0
    drifted: int = 0
    freed: int = 0
    revived: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was off."""
        return not (self.added or self.drifted or self.freed or self.revived)


@dataclass(slots=True)
class Report:
    """What was off, and is mended unless the run only looked.

    ``nesting`` counts what follows from nested groups and was not written so.
    """

    users: Counts = field(default_factory=Counts)
    groups: Counts = field(default_factory=Counts)
    nesting: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was off."""
        return self.users.is_clean and self.groups.is_clean and not self.nesting


def run(*, mend: bool = True, progress: Progress = lambda done: None) -> Report:
    """Go through every account and group; ``mend`` writes what is missing or wrong."""
    report = Report()
    for side, counts in ((of_users(), report.users), (of_groups(), report.groups)):
        for batch in _batches(side.accounts):
            _examine(side, batch, counts, mend=mend)
            progress(len(batch))
    report.nesting = closure.examine(mend=mend)
    return report


def total() -> int:
    """Return how many accounts and groups there are to go through."""
    return int(get_user_model()._default_manager.count()) + Group.objects.count()


def add_missing(until: float) -> bool:
    """Make the rows of accounts that have none until a moment of the monotonic clock.

    Returns whether all have one now.
    """
    side = of_users()
    missing = side.accounts.filter(scim__isnull=True).order_by("pk")
    for batch in iter(lambda: list(missing[:BATCH]), []):
        if time.monotonic() > until:
            return False
        _add(side, batch)
    return True


def _batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    ordered, page = rows.order_by("pk"), rows.order_by("pk")
    while batch := list(page[:BATCH]):
        yield batch
        page = ordered.filter(pk__gt=batch[-1].pk)


def _examine(side: Side, batch: Sequence[Any], counts: Counts, *, mend: bool) -> None:
    missing = [account for account in batch if row_of(account) is None]
    rows = {account.pk: row for account in batch if (row := row_of(account)) is not None}
    counts.added += _add(side, missing) if mend else len(missing)
    drifted = _drifted(side, batch)
    _tell(side, {rows[key].pk: names for key, names in drifted.items()}, mended=mend)
    if mend:
        _mend(side, drifted)
    counts.drifted += len(drifted)
    counts.freed += _free_keys(side, rows.values(), mend=mend)
    counts.revived += _tell_revived([a for a in batch if _is_revived(a)])


def _add(side: Side, missing: Sequence[Any]) -> int:
    """Make rows; whoever got one from a signal or a client meanwhile is passed over."""
    for attempt in range(ATTEMPTS if missing else 0):
        keys = [account.pk for account in missing]
        # Of names that collide, the first account by key keeps its own: the oldest, where keys
        # count up.
        still = list(side.accounts.filter(pk__in=keys, scim__isnull=True).order_by("pk"))
        try:
            with transaction.atomic():
                side.add(still)
            return len(still)
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise
    return 0


def _drifted(side: Side, batch: Sequence[Any]) -> Differences:
    suspects = side.compare(batch)
    if not suspects:
        return {}
    # Values stand in other rows: a client may have written between the two reads.
    again = side.compare(list(side.accounts.filter(pk__in=suspects)))
    return {key: names for key, names in again.items() if key in suspects}


def _mend(side: Side, drifted: Iterable[Any]) -> None:
    for key in drifted:
        with transaction.atomic():
            list(side.rows.objects.select_for_update(no_key=True).filter(**{side.owner: key}))
            account = side.accounts.filter(pk=key).first()
            if account is not None:
                side.mend(account)


def _tell(side: Side, drifted: Differences, *, mended: bool) -> None:
    """Write a finding per row; those of a mending run are resolved, and close earlier ones."""
    if not drifted:
        return
    now, owner = timezone.now(), f"{side.owner}_id"
    found = Finding.objects.filter(
        kind=FindingKind.DRIFT, resolved=None, **{f"{owner}__in": list(drifted)}
    )
    known = set(found.values_list(owner, flat=True))
    Finding.objects.bulk_create(
        Finding(kind=FindingKind.DRIFT, detail=", ".join(names), **{owner: key})
        for key, names in drifted.items()
        if key not in known
    )
    found.filter(**{f"{owner}__in": known}).update(count=F("count") + 1, last_seen=now)
    if mended:
        found.update(resolved=now)


def _free_keys(side: Side, rows: Iterable[Any], *, mend: bool) -> int:
    """Give names their keys that collided once and do not any more."""
    key = f"{side.name}_key"
    keyless = {
        fold(getattr(row, side.name)): row.pk
        for row in rows
        if getattr(row, key) is None and getattr(row, "deleted", None) is None
    }
    if not keyless:
        return 0
    objects = side.rows.objects
    taken = set(objects.filter(**{f"{key}__in": keyless}).values_list(key, flat=True))
    free = {name: pk for name, pk in keyless.items() if name not in taken}
    return sum(_give_key(side, pk, name) for name, pk in free.items()) if mend else len(free)


def _give_key(side: Side, pk: Any, key: str) -> bool:
    try:
        with transaction.atomic():
            # A key given meanwhile stands: the row may have another name by now.
            place = side.rows.objects.filter(pk=pk, **{f"{side.name}_key": None})
            given = bool(place.update(**{f"{side.name}_key": key}))
    except IntegrityError:
        return False
    settle_collision(side.owner, pk)
    return given


def _is_revived(account: Any) -> bool:
    active = mirror.fields().get(mirror.ACTIVE)
    row = row_of(account)
    if active is None or getattr(row, "deleted", None) is None:
        return False
    return bool(getattr(account, active.attname))


def _tell_revived(accounts: Sequence[Any]) -> int:
    """Write a finding per account; one that a person has resolved is not raised again."""
    if not accounts:
        return 0
    rows = {row_of(account).pk for account in accounts}
    told = Finding.objects.filter(kind=FindingKind.DRIFT, user__in=rows, detail=REVIVED)
    known = dict(told.values_list("user_id", "resolved"))
    Finding.objects.bulk_create(
        Finding(kind=FindingKind.DRIFT, user_id=pk, detail=REVIVED) for pk in rows - known.keys()
    )
    return len(rows) - sum(resolved is not None for resolved in known.values())
