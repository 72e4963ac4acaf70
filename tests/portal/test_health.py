"""What a load balancer is told: alive, ready, and how long work has waited."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.db.migrations import Migration
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from kyvos_portal import probes
from onboarding.models import OutboxMail

pytestmark = pytest.mark.django_db
NOTHING = {"waiting": 0, "oldest_seconds": 0}
RECORDER = probes._recorder
MISSING = ["0018_brake", "0019_recorded_exchanges"]


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch):
    monkeypatch.setattr(probes, "_migrated", False)


def test_alive_without_the_database(client):
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/healthz").json() == {"status": "ok"}
    assert not asked


def test_ready(client):
    answer = client.get("/readyz")
    told = {"status": "ok", "tasks": NOTHING, "mails": NOTHING}
    assert (answer.status_code, answer.json()) == (200, told)


def test_the_migrations_are_looked_at_until_they_are_applied(client):
    client.get("/readyz")
    with CaptureQueriesContext(connection) as asked:
        client.get("/readyz")
    assert len(asked) == 2


def test_not_ready_without_a_database(client):
    with patch.object(RECORDER, "applied_migrations", side_effect=OperationalError("secret")):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "the database cannot be reached"},
    )


def test_not_ready_with_migrations_to_apply(client):
    for name in MISSING:
        RECORDER.record_unapplied("scim_provisioning", name)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "2 migrations to apply"})
    for name in MISSING:
        RECORDER.record_applied("scim_provisioning", name)
    assert client.get("/readyz").status_code == 200


def test_whoever_asks_again_costs_one_statement_and_reads_no_files(client):
    RECORDER.record_unapplied("scim_provisioning", MISSING[0])
    client.get("/readyz")
    with (
        patch("kyvos_portal.probes.MigrationLoader") as read,
        CaptureQueriesContext(connection) as asked,
    ):
        assert client.get("/readyz").status_code == 503
    assert (len(asked), read.called) == (1, False)


def test_a_squashed_migration_is_applied_where_all_that_it_replaces_are():
    squashed = Migration("0001_squashed_0002", "app")
    squashed.replaces = [("app", "0001"), ("app", "0002")]
    assert not probes._is_applied(squashed, {("app", "0001")})
    assert probes._is_applied(squashed, {("app", "0001"), ("app", "0002")})


def old_task(*, later=False):
    now = timezone.now()
    run_after = now + timedelta(hours=1) if later else now - timedelta(minutes=10)
    task = DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {}},
        task_path="x.y",
        backend_name="default",
        run_after=run_after,
    )
    DBTaskResult.objects.filter(pk=task.pk).update(enqueued_at=now - timedelta(minutes=10))


def old_mail(user, *, later=False):
    minutes = -10 if later else 10
    OutboxMail.objects.create(
        key="welcome:1", user=user, next_try=timezone.now() - timedelta(minutes=minutes)
    )


@pytest.mark.parametrize("queue", ["tasks", "mails"])
def test_work_that_waits_is_told_and_refuses_where_a_limit_is_set(
    client, admin_user, settings, queue
):
    old_task() if queue == "tasks" else old_mail(admin_user)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()[queue]["waiting"] == 1
    assert answer.json()[queue]["oldest_seconds"] >= 600
    settings.READY_MAX_WAIT = 300
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "no worker takes what waits")
    settings.READY_MAX_WAIT = 3000
    assert client.get("/readyz").status_code == 200


def test_what_is_to_be_done_later_does_not_wait(client, admin_user):
    old_task(later=True)
    old_mail(admin_user, later=True)
    told = client.get("/readyz").json()
    assert (told["tasks"], told["mails"]) == (NOTHING, NOTHING)


@pytest.mark.parametrize("path", sorted(probes.PROBES))
def test_probes_come_by_any_host_and_without_tls(client, settings, path):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["portal.example.com"]
    assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 200
    assert client.get("/", headers={"host": "10.1.2.3:8000"}).status_code == 400
    assert client.get("/", headers={"host": "portal.example.com"}).status_code == 301


def test_metrics_tell_what_waits(client, admin_user):
    old_mail(admin_user)
    told = client.get("/metrics").content.decode()
    assert 'portal_queue_length{queue="mails"} 1.0' in told
    assert 'portal_queue_oldest_seconds{queue="tasks"} 0.0' in told


def test_metrics_are_not_for_everybody(client):
    assert client.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"}).status_code == 401
