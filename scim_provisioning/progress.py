"""How far a connection has come: what the site itself has seen of the steps to set it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from .credentials import Kind, rows
from .guides import Mark
from .models import Connection, RequestCount, ScimUser

LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """When each mark was reached; ``refused`` counts the last hour's requests of nobody known."""

    issued: datetime | None
    seen: datetime | None
    created: datetime | None
    last_seen: datetime | None
    refused: int

    def of(self, mark: Mark | None) -> datetime | None:
        """Return when a mark was reached."""
        return getattr(self, mark) if mark else None


def of(connection: Connection, kind: Kind) -> Progress:
    """Return the progress of a connection that is set up by that kind of credential."""
    now = timezone.now()
    live = rows(connection, kind).filter(revoked=None, expires__gt=now)
    # Linked accounts are older than the connection: they were not created by it.
    users = ScimUser.objects.filter(connection=connection, created__gte=connection.created)
    nobody = RequestCount.objects.filter(minute__gte=now - LATELY, connection=None, status=401)
    return Progress(
        issued=live.order_by("-created").values_list("created", flat=True).first(),
        seen=connection.first_seen or connection.last_seen,
        created=users.order_by("created").values_list("created", flat=True).first(),
        last_seen=connection.last_seen,
        refused=nobody.aggregate(total=Sum("count"))["total"] or 0,
    )
