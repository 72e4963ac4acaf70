"""What ``quickstart --demo`` shows: people, groups, and a month of an identity provider."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scim_provisioning.models import Connection, ProvisioningEvent, RequestCount, ScimUser
from scim_provisioning.protocol.urns import ENTERPRISE_USER, PATCH_OP, USER

DAYS = 30
DEPARTMENTS = ("Finance", "Legal", "Operations", "Research", "Sales", "Support")


def fill(connection: Connection, token: str | None) -> None:
    """Make two hundred people, ten groups and, once, a month of writes by the connection."""
    sizes = {"users": 200, "groups": 10, "big_group": 50}
    call_command("seed_directory", **sizes, keep_brake=True, verbosity=0)
    if token is None or ProvisioningEvent.objects.exists():
        return
    # The same month each time, so that pages can be compared.
    random = Random(7643)
    days = list(_workdays())
    # What is refused on purpose is nothing to tell the newcomer.
    logging.disable(logging.WARNING)
    try:
        _write(connection, token, random, sum(random.randint(4, 9) for _ in days))
    finally:
        logging.disable(logging.NOTSET)
    _spread(random, days)
    RequestCount.objects.bulk_create(_reads(random, connection, days))


def _workdays() -> Iterator[datetime]:
    today = timezone.now().replace(hour=8, minute=0, second=0, microsecond=0)
    days = (today - timedelta(days=back) for back in range(DAYS, 0, -1))
    return (day for day in days if day.weekday() < 5)


def _write(connection: Connection, token: str, random: Random, count: int) -> None:
    """Let people move, leave and come back, by requests as an identity provider sends them."""
    client = Client(headers={"authorization": f"Bearer {token}"}, SERVER_NAME="127.0.0.1")
    users = reverse("scim:users")
    people = list(ScimUser.objects.filter(connection=connection).values_list("id", "user_name"))
    for number in range(count):
        identifier, name = random.choice(people)
        if number % 17 == 5:
            # A name that is taken.
            _send(client.post, users, {"schemas": [USER], "userName": name.upper()})
        else:
            _send(client.patch, f"{users}/{identifier}", _change(random))


def _change(random: Random) -> dict[str, Any]:
    path: str = "active"
    value: Any = random.random() < 0.7
    if random.random() < 0.7:
        path, value = f"{ENTERPRISE_USER}:department", random.choice(DEPARTMENTS)
    change = {"op": "replace", "path": path, "value": value}
    return {"schemas": [PATCH_OP], "Operations": [change]}


def _send(method: Callable[..., Any], path: str, body: dict[str, Any]) -> None:
    # Where the portal is public, what is not TLS is sent elsewhere.
    method(path, body, content_type="application/scim+json", secure=True)


def _spread(random: Random, days: list[datetime]) -> None:
    """Put what was written just now on the days, in its order."""
    events = list(ProvisioningEvent.objects.order_by("id"))
    minutes = [timedelta(minutes=random.randint(0, 600)) for _ in events]
    times = sorted(random.choice(days) + minute for minute in minutes)
    for event, time in zip(events, times, strict=True):
        event.time = time
    ProvisioningEvent.objects.bulk_update(events, ["time"])


def _reads(random: Random, connection: Connection, days: list[datetime]) -> list[RequestCount]:
    return [
        RequestCount(
            minute=day + timedelta(hours=hour),
            connection=connection,
            method="GET",
            status=200,
            count=random.randint(20, 60),
        )
        for day in days
        for hour in range(10)
    ]
