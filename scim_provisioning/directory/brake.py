"""The brake: a connection that takes access from too many people at once is stopped.

Every write that disables or deletes a person asks first how many lost access lately, which the
ledger tells; each person counts once. The first that would be one too many is refused whole with
429, and pauses the connection: nothing of it is done, and what was done before stays. The identity
provider sends it and what follows again, until an administrator has let the connection go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from scim_provisioning import alerts, conf
from scim_provisioning.context import Context, Principal
from scim_provisioning.models import (
    Connection,
    Finding,
    FindingKind,
    ProvisioningEvent,
    ScimUser,
    State,
)
from scim_provisioning.protocol.errors import TooManyRequests
from scim_provisioning.statements import Select, Slot

from .ownership import Draft, record

ALLOWED_FOR = timedelta(hours=24)
"""How long an administrator's allowance lasts: identity providers take hours to send again."""


class Braked(TooManyRequests):
    """429: one person too many; it pauses the connection once its transaction is rolled back."""

    def __init__(self, since: datetime, detail: str) -> None:
        self.since, self.told = since, detail
        super().__init__(
            "Too many people would lose access: an administrator has to let this go on.",
            retry_after=conf.current().paused_retry_after,
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """How many people may lose access within some minutes: so many, and so much of a share."""

    people: int | None
    percent: int | None

    def limit(self, active: int) -> int:
        """Return how many of that many active people may."""
        share = (self.percent or 100) * active // 100
        return share if self.people is None else min(share, self.people)

    def enough(self, wanted: int) -> int:
        """Return how many active people allow that many; more of them make no difference."""
        wanted = wanted if self.people is None else min(wanted, self.people)
        return wanted * 100 // (self.percent or 100) + 1


@dataclass(frozen=True, slots=True)
class _Tally:
    """What counts for a connection now; ``wanted`` are those who lost access, and this one."""

    released: datetime | None
    allowance: int | None
    wanted: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a connection is from being stopped; ``events`` are those that count now."""

    holds: bool
    limit: int
    minutes: int
    active: int
    taken: int
    events: QuerySet[ProvisioningEvent]


def standing(owner: Connection) -> Standing:
    """Return how far a connection is from being stopped."""
    site, since = conf.current(), _since()
    if owner.braked_since and owner.braked:
        since = owner.braked_since
    elif owner.brake_released:
        since = max(since, owner.brake_released)
    events = ProvisioningEvent.objects.filter(connection=owner.pk, ends_access=True, time__gt=since)
    taken = events.order_by().aggregate(n=Count("resource_id", distinct=True))["n"]
    active = _people(owner.pk).count()
    rule = _rule(owner)
    holds = rule.people != 0 and active + taken >= site.brake_least
    limit = rule.limit(active + taken)
    return Standing(holds, limit, site.brake_minutes, active, taken, events)


def counts(created: datetime) -> bool:
    """Whether somebody made then loses what others rely on.

    Who was made within the counted minutes is taken back: so do identity providers when they
    are tried out, and a newcomer's first hour is full of it.
    """
    return created <= _since()


def check(person: UUID, context: Context) -> None:
    """Raise TooManyRequests where one more may not lose access; inside the write's transaction.

    One statement, for few people. The others count how many the connection has, as far as it
    matters. From half the limit on, such writes of a connection go one by one: in parallel, each
    would overlook the others.
    """
    rule, least = _rule(context.principal), conf.current().brake_least
    if rule.people == 0:
        return
    since = _since()
    found = _tally(person, context, since)
    if found.wanted <= rule.limit(least):
        return
    active = _active(context, max(rule.enough(2 * found.wanted), least)) + found.wanted - 1
    limit = rule.limit(active)
    if active < least or 2 * found.wanted <= limit:
        return
    _wait_for_others(context)
    found = _tally(person, context, since)
    if found.wanted > limit:
        _stop(person, context, since, found, limit)


def _since() -> datetime:
    return timezone.now() - timedelta(minutes=conf.current().brake_minutes)


def _rule(own: Principal | Connection) -> Rule:
    site = conf.current()
    return Rule(
        site.brake_people if own.brake_people is None else own.brake_people,
        site.brake_percent if own.brake_percent is None else own.brake_percent,
    )


def _tally(person: UUID, context: Context, since: datetime) -> _Tally:
    values = [context.principal.connection_id, since, person]
    [(state, released, allowance, taken)] = _tallies(connection.vendor).rows(values)
    if state == State.PAUSED:
        raise TooManyRequests(
            "The connection is paused.", retry_after=conf.current().paused_retry_after
        )
    return _Tally(released, allowance, taken + 1)


@lru_cache(maxsize=4)
def _tallies(vendor: str) -> Select:
    since = Slot(1, models.DateTimeField())
    taken = ProvisioningEvent.objects.filter(
        ~Q(resource_id=Slot(2, models.UUIDField())),
        connection=OuterRef("pk"),
        ends_access=True,
        time__gt=since,
    ).filter(time__gt=Coalesce(OuterRef("brake_released"), since))
    count = taken.order_by().values("connection").annotate(n=Count("resource_id", distinct=True))
    rows = Connection.objects.filter(pk=Slot(0, models.BigIntegerField()))
    return Select(
        rows.values_list(
            "state",
            "brake_released",
            "brake_allowance",
            Coalesce(Subquery(count.values("n")), 0),
        )
    )


def _people(connection_id: int) -> QuerySet[ScimUser]:
    """Return the people a connection can take access from; an ``active`` unassigned is no no."""
    rows = ScimUser.objects.filter(connection=connection_id, deleted=None)
    return rows.exclude(active=False).order_by()


def _active(context: Context, most: int) -> int:
    """Count the connection's active people, no further than makes a difference."""
    return _people(context.principal.connection_id)[:most].count()


def _wait_for_others(context: Context) -> None:
    rows = Connection.objects.select_for_update(no_key=True)
    rows.filter(pk=context.principal.connection_id).values_list("pk").first()


def _stop(person: UUID, context: Context, since: datetime, found: _Tally, limit: int) -> None:
    """Raise Braked, unless an administrator allowed that many once."""
    if found.released is not None:
        since = max(since, found.released)
        if found.allowance and timezone.now() < found.released + ALLOWED_FOR:
            since, limit = found.released, max(limit, found.allowance)
            found = _tally(person, context, since)
    if found.wanted > limit:
        minutes = conf.current().brake_minutes
        raise Braked(
            since,
            f"{found.wanted - 1} people were disabled or deleted within {minutes} minutes, and more"
            f" were to be: {limit} is the most.",
        )


def pull(stop: Braked, connection_id: int) -> None:
    """Pause the connection, and let its administrators know; the first who comes does it."""
    rows = Connection.objects.filter(pk=connection_id, state=State.ACTIVE)
    with transaction.atomic():
        if rows.update(
            state=State.PAUSED, braked=timezone.now(), braked_since=stop.since, brake_told=None
        ):
            record(Draft(FindingKind.BRAKED, detail=stop.told), connection_id)
            transaction.on_commit(lambda: alerts.tell_later(connection_id))


def release(connection_id: int, allowance: int | None = None) -> bool:
    """Take a stopped connection's writes again, and count anew; return whether it was stopped.

    ``allowance`` people may lose access within a day, once, before the brake holds again.
    """
    with transaction.atomic():
        rows = Connection.objects.filter(pk=connection_id, braked__isnull=False)
        released = rows.update(
            state=State.ACTIVE,
            braked=None,
            brake_released=timezone.now(),
            brake_allowance=allowance,
        )
        found = Finding.objects.filter(kind=FindingKind.BRAKED, connection=connection_id)
        found.filter(resolved=None).update(resolved=timezone.now())
    return bool(released)
