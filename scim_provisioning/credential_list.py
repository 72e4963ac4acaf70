"""A connection's credentials as an administrator sees them, and who uses which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Least, NullIf
from django.utils import timezone

from . import credentials
from .models import (
    ClientSecret,
    Connection,
    OIDCApplication,
    PersonalAccessToken,
    ProvisioningEvent,
    RequestCount,
    WorkloadTrust,
)

WARN_DAYS = (7, 30, 90)
"""Days before the end at which an administrator is warned, and warned again."""
SHOWN_AFTER_END = timedelta(days=30)
USE_COUNTED = timedelta(days=1)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Listed:
    """One credential; ``share`` is of the last day's requests; without ``expires`` it stays."""

    key: str
    hint: str
    scopes: str
    created: datetime | None = None
    expires: datetime | None = None
    revoked: datetime | None = None
    last_used: datetime | None = None
    last_address: str | None = None
    requests: int = 0
    share: float = 0.0

    @property
    def kind(self) -> str:
        """The first part of the key."""
        return self.key.partition(":")[0]

    @property
    def is_live(self) -> bool:
        """Whether it opens anything."""
        return self.revoked is None and (self.expires is None or self.expires > timezone.now())

    @property
    def can_be_revoked(self) -> bool:
        """Whether it ends here: a password and an OIDC application have pages of their own."""
        return self.is_live and self.kind in (*credentials.Kind, credentials.WORKLOAD)

    @property
    def ends_within(self) -> int | None:
        """7, 30 or 90 where a live credential has so many days left, at most."""
        return ends_within(self.expires) if self.is_live else None

    @property
    def state(self) -> str:
        """One word or a few: how it is, and when that ends."""
        if self.revoked is not None:
            return "revoked"
        if not self.is_live:
            return "expired"
        return f"ends within {self.ends_within} days" if self.ends_within else "live"


def with_ends(connections: QuerySet[Connection]) -> QuerySet[Any]:
    """Annotate connections with ``ends``: when the first of their live credentials does."""
    now = timezone.now()
    live = {"revoked": None, "expires__gt": now}
    tokens = PersonalAccessToken.objects.filter(owner=OuterRef("acting_user"), **live)
    secrets = ClientSecret.objects.filter(connection=OuterRef("pk"), **live)
    first = [
        Coalesce(Subquery(rows.order_by("expires").values("expires")[:1]), Value(NEVER))
        for rows in (tokens, secrets)
    ]
    return connections.annotate(ends=NullIf(Least(*first), Value(NEVER)))


def ends_within(expires: datetime | None) -> int | None:
    """Return 7, 30 or 90 where so many days are left, at most."""
    left = expires - timezone.now() if expires else timedelta.max
    return next((days for days in WARN_DAYS if left <= timedelta(days=days)), None)


def listed(connection: Connection) -> list[Listed]:
    """Return the credentials of a connection, live ones first, with the last day's use."""
    use = _use(connection)
    total = sum(use.values()) or 1
    found = [
        Listed(**facts, requests=use[facts["key"]], share=use[facts["key"]] / total)
        for facts in [*_secrets(connection), *_others(connection, use)]
    ]
    return sorted(found, key=lambda row: not row.is_live)


def _secrets(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield tokens and client secrets; those that ended are shown for a month."""
    ended = timezone.now() - SHOWN_AFTER_END
    names = ("hint", "scopes", "created", "expires", "revoked", "last_used", "last_address")
    for kind in credentials.Kind:
        for row in credentials.rows(connection, kind).filter(expires__gt=ended):
            if row.revoked is None or row.revoked > ended:
                facts = {name: getattr(row, name) for name in names}
                yield {"key": f"{kind}:{row.pk}", **facts}


def _others(connection: Connection, use: Counter[str]) -> Iterator[dict[str, Any]]:
    """Yield what needs no secret of ours: workloads, other issuers' clients, the password."""
    names = ("created", "last_used", "last_address")
    for trust in WorkloadTrust.objects.filter(connection=connection, enabled=True):
        facts = {name: getattr(trust, name) for name in names}
        yield {"key": f"workload:{trust.pk}", "hint": str(trust), "scopes": "scim", **facts}
    for row in OIDCApplication.objects.filter(mapped_user=connection.acting_user_id, enabled=True):
        facts = {name: getattr(row, name) for name in names}
        yield {"key": f"application:{row.pk}", "hint": str(row), "scopes": row.rights, **facts}
    if use["password"]:
        yield {"key": "password", "hint": "", "scopes": "scim"}


def _use(connection: Connection) -> Counter[str]:
    """Return how many requests of the last day each credential made: reads and writes."""
    since = timezone.now() - USE_COUNTED
    reads = RequestCount.objects.filter(connection=connection, minute__gte=since)
    writes = ProvisioningEvent.objects.filter(connection=connection, time__gte=since)
    used: Counter[str] = Counter()
    for rows in (
        reads.order_by().values_list("credential_key").annotate(Sum("count")),
        writes.order_by().values_list("credential_key").annotate(Count("pk")),
    ):
        for key, number in rows:
            used[key] += number
    return used
