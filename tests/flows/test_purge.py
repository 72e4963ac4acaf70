"""The ledger is purged while clients write: nobody waits, nothing else goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from scim_provisioning.management import purging
from scim_provisioning.models import ProvisioningEvent, RequestCount
from tests.scim_client import USER

pytestmark = pytest.mark.django_db(transaction=True)
DAYS, OLD, KEPT, BATCH = 7, 4000, 300, 100
NAMES = [f"u{number}@example.com" for number in range(120)]


@pytest.fixture
def ledger():
    """Old rows, and rows that have half an hour to go."""
    end = timezone.now() - timedelta(days=DAYS)
    ages = [(end - timedelta(seconds=n), "/old") for n in range(OLD)]
    ages += [(end + timedelta(minutes=30, seconds=n), "/kept") for n in range(KEPT)]
    ProvisioningEvent.objects.bulk_create(
        ProvisioningEvent(time=time, method="GET", path=path, status=200) for time, path in ages
    )
    RequestCount.objects.bulk_create(
        RequestCount(minute=end + timedelta(hours=hours), method="GET", status=200, count=1)
        for hours in (-2, -1, 1)
    )


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="writers take turns on SQLite")
def test_two_purges_beside_writers_refuse_lose_and_take_nothing_else(scim, ledger, monkeypatch):
    monkeypatch.setattr(purging, "BATCH", BATCH)
    started, deleted = Event(), []

    def count(execute, sql, params, many, context):
        started.set()
        result = execute(sql, params, many, context)
        if sql.startswith("DELETE"):
            deleted.append(context["cursor"].rowcount)
        return result

    def purge(_):
        with connection.execute_wrapper(count):
            call_command("purge_ledger", "--days", str(DAYS))
        connection.close()

    def create(name):
        started.wait(10)
        answer = scim.post("/Users", {"schemas": [USER], "userName": name})
        connection.close()
        return answer.status

    with ThreadPoolExecutor(6) as pool:
        purges = pool.map(purge, range(2))
        assert set(pool.map(create, NAMES)) == {201}
        list(purges)
    assert 0 < max(deleted) <= BATCH
    paths = list(ProvisioningEvent.objects.values_list("path", flat=True))
    assert (paths.count("/old"), paths.count("/kept")) == (0, KEPT)
    assert len(paths) == KEPT + len(NAMES)
    assert RequestCount.objects.filter(method="GET").count() == 1
