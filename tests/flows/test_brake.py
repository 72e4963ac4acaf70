"""The brake: too many people may not lose access at once, and nothing is lost when it holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scim_provisioning import alerts, connections
from scim_provisioning.directory import brake, restoring, seeding
from scim_provisioning.models import (
    Connection,
    Finding,
    ProvisioningEvent,
    RequestCount,
    ScimUser,
    State,
)
from tests.scim_client import BULK_REQUEST, PATCH_OP, USER
from tests.scim_fixtures import make_client
from tests.threads import at_once, persistently

pytestmark = pytest.mark.django_db
OFF = {"op": "replace", "value": {"active": False}}
ON = {"op": "replace", "value": {"active": True}}


@pytest.fixture
def limits(settings):
    """Set the brake's settings; small ones unless told otherwise."""

    def limits(**given):
        small = {"brake_people": 3, "brake_percent": 100, "brake_least": 1, **given}
        upper = {name.upper(): value for name, value in small.items()}
        settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, **upper}

    limits()
    return limits


def people(scim, count):
    """Make people who have been there for a day."""
    ids = [scim.user(f"u{i}@example.com")["id"] for i in range(count)]
    a_day_ago = timezone.now() - timedelta(days=1)
    ScimUser.objects.filter(pk__in=ids).update(created=a_day_ago)
    return ids


def disable(scim, identifier):
    return scim.patch(f"/Users/{identifier}", OFF).status


def disabled():
    return ScimUser.objects.filter(active=False).count()


def state():
    return Connection.objects.get(name="idp").state


def test_a_run_stops_at_the_threshold_and_loses_nothing(scim):
    seeding.seed(scim.connection, seeding.Plan(1000, 0, 0))
    rows = ScimUser.objects.filter(connection=scim.connection).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:200])
    statuses = [disable(scim, one) for one in ids]
    assert statuses == [200] * 100 + [429] * 100
    assert disabled() == 100
    brake.release(scim.connection.pk, 100)
    assert {r["status"] for r in bulk(scim, ids[100:]).body["Operations"]} == {"200", "201"}
    assert disabled() == 200
    assert disable(scim, rows.filter(active=True, user_name__startswith="user")[0].pk) == 429


def lose_access(scim, ids):
    """Write down that people lost access, as their requests do."""
    now = timezone.now()
    ProvisioningEvent.objects.bulk_create(
        ProvisioningEvent(
            time=now, connection=scim.connection, status=200, resource_id=one, ends_access=True
        )
        for one in ids
    )


def test_five_hundred_are_the_most_of_however_many(scim):
    seeding.seed(scim.connection, seeding.Plan(5100, 0, 0))
    rows = ScimUser.objects.filter(connection=scim.connection)
    ids = list(rows.values_list("pk", flat=True)[:501])
    lose_access(scim, ids[:499])
    assert [disable(scim, one) for one in ids[499:]] == [200, 429]


def test_an_ordinary_day_is_not_stopped_and_costs_little(scim):
    seeding.seed(scim.connection, seeding.Plan(1000, 0, 0))
    ids = ScimUser.objects.filter(connection=scim.connection).values_list("pk", flat=True)[:20]
    costs = []
    for one in list(ids):
        with CaptureQueriesContext(connection) as queries:
            assert disable(scim, one) == 200
        costs.append(len([q for q in queries if " OR" not in q["sql"] and "SAVE" not in q["sql"]]))
    assert (state(), costs[-1] - costs[1]) == (State.ACTIVE, 1)


@pytest.mark.parametrize("far", [6, 60, 190])
def test_it_costs_the_same_however_many_lost_access(scim, far, limits):
    limits(brake_people=200)
    seeding.seed(scim.connection, seeding.Plan(400, 0, 0))
    ids = list(ScimUser.objects.filter(connection=scim.connection).values_list("pk", flat=True))
    lose_access(scim, ids[:far])
    scim.get("/Users?count=1")
    with CaptureQueriesContext(connection) as queries:
        assert disable(scim, ids[-1]) == 200
    assert len([q for q in queries if "provisioningevent" in q["sql"]]) == 2 + (far == 190)


def test_the_first_too_many_is_refused_whole_and_stops_the_rest(scim, limits):
    ids = people(scim, 5)
    assert [disable(scim, one) for one in ids[:3]] == [200] * 3
    both = [{"op": "replace", "path": "title", "value": "Gone"}, OFF]
    answer = scim.patch(f"/Users/{ids[3]}", *both)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "300")
    assert ScimUser.objects.filter(pk=ids[3], active=True, title=None, version=1).exists()
    assert not ProvisioningEvent.objects.filter(resource_id=ids[3], method="PATCH").exists()
    assert scim.post("/Users", {"userName": "new@example.com"}).status == 429
    assert scim.get(f"/Users/{ids[0]}").status == 200


def test_it_says_why_once(scim, limits):
    for one in people(scim, 6):
        disable(scim, one)
    found = Finding.objects.get(kind="braked")
    assert (found.count, found.connection) == (1, scim.connection)
    assert "3 people were disabled or deleted within 60 minutes" in found.detail
    assert str(found).endswith("idp")


def test_who_was_made_just_now_is_taken_back(scim, limits):
    ids = [scim.user(f"n{i}@example.com")["id"] for i in range(9)]
    assert {disable(scim, one) for one in ids[:5]} == {200}
    assert {scim.delete(f"/Users/{one}").status for one in ids} == {204}
    assert not ProvisioningEvent.objects.filter(ends_access=True).exists()
    assert state() == State.ACTIVE


def test_each_person_counts_once(scim, limits):
    one, two, *_ = people(scim, 4)
    for _ in range(4):
        assert disable(scim, one) == 200
        assert scim.patch(f"/Users/{one}", ON).status == 200
    assert disable(scim, two) == 200
    assert scim.delete(f"/Users/{two}").status == 204
    assert state() == State.ACTIVE


@pytest.mark.parametrize("way", ["patch", "put", "delete"])
def test_every_way_to_lose_access_counts(scim, limits, way):
    ids = people(scim, 4)

    def send(identifier, name):
        match way:
            case "patch":
                return scim.patch(f"/Users/{identifier}", OFF)
            case "put":
                return scim.put(
                    f"/Users/{identifier}", {"schemas": [USER], "userName": name, "active": False}
                )
        return scim.delete(f"/Users/{identifier}")

    statuses = [send(one, f"u{i}@example.com").status for i, one in enumerate(ids)]
    assert statuses[:3] == [204 if way == "delete" else 200] * 3
    assert (statuses[3], state()) == (429, State.PAUSED)
    assert ScimUser.objects.get(pk=ids[3]).active


def test_an_active_that_was_removed_before_counts_too(scim, limits):
    ids = people(scim, 4)
    for one in ids:
        assert scim.patch(f"/Users/{one}", {"op": "remove", "path": "active"}).status == 200
    assert [disable(scim, one) for one in ids] == [200] * 3 + [429]


def test_groups_and_those_who_never_had_access_do_not_count(scim, limits):
    groups = [scim.group(f"g{i}")["id"] for i in range(5)]
    assert [scim.delete(f"/Groups/{one}").status for one in groups] == [204] * 5
    for i in range(5):
        scim.user(f"never{i}@example.com", active=False)
    assert not ProvisioningEvent.objects.filter(ends_access=True).exists()


def test_the_share_of_active_people_counts(scim, limits):
    limits(brake_people=None, brake_percent=20, brake_least=10)
    ids = people(scim, 20)
    assert [disable(scim, one) for one in ids[:5]] == [200] * 4 + [429]


def test_few_people_have_no_brake(scim, limits):
    limits(brake_people=None, brake_percent=10, brake_least=10)
    assert {disable(scim, one) for one in people(scim, 9)} == {200}


@pytest.mark.parametrize(
    ("own", "accepted"),
    [({"brake_people": 1}, 1), ({"brake_people": 5}, 5), ({"brake_people": 0}, 6)],
    ids=str,
)
def test_a_connection_may_have_its_own_limits(scim, limits, own, accepted):
    ids = people(scim, 6)
    Connection.objects.update(**own)
    statuses = [disable(scim, one) for one in ids]
    assert statuses.count(200) == accepted


def test_a_connection_may_have_its_own_share(scim, limits):
    limits(brake_people=None)
    ids = people(scim, 6)
    Connection.objects.update(brake_percent=50)
    assert [disable(scim, one) for one in ids[:4]] == [200] * 3 + [429]


def test_without_a_brake_nothing_is_asked(scim, limits):
    limits(brake_people=0)
    [one] = people(scim, 1)
    with CaptureQueriesContext(connection) as queries:
        assert disable(scim, one) == 200
    assert not [q for q in queries if "DISTINCT" in q["sql"]]


def test_what_is_long_ago_does_not_count(scim, limits):
    ids = people(scim, 5)
    assert {disable(scim, one) for one in ids[:3]} == {200}
    ProvisioningEvent.objects.update(time=timezone.now() - timedelta(minutes=61))
    assert disable(scim, ids[3]) == 200


def test_other_connections_go_on(scim, other, limits):
    for one in people(scim, 4):
        disable(scim, one)
    mine = other.user("mine@example.com")["id"]
    assert (disable(other, mine), state()) == (200, State.PAUSED)


def bulk(scim, ids):
    data = {"schemas": [PATCH_OP], "Operations": [OFF]}
    operations = [{"method": "PATCH", "path": f"/Users/{one}", "data": data} for one in ids]
    operations.append(
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": "x",
            "data": {"schemas": [USER], "userName": "x@example.com"},
        }
    )
    return scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})


def test_operations_of_a_bulk_count_and_the_rest_of_it_is_to_be_sent_again(scim, limits):
    ids = people(scim, 5)
    results = bulk(scim, ids).body["Operations"]
    assert [r["status"] for r in results] == ["200"] * 3 + ["429"] * 3
    assert (disabled(), state()) == (3, State.PAUSED)
    assert not ProvisioningEvent.objects.filter(status=429).exists()
    assert bulk(scim, ids[3:]).status == 429
    connections.set_state(Connection.objects.get(name="idp"), State.ACTIVE)
    results = bulk(scim, ids[3:]).body["Operations"]
    assert [r["status"] for r in results] == ["200", "200", "201"]


def test_a_bulk_of_which_nothing_may_be_done_is_refused_as_a_whole(scim, limits):
    ids = people(scim, 4)
    assert {disable(scim, one) for one in ids[:3]} == {200}
    answer = bulk(scim, ids[3:])
    assert (answer.status, answer.headers["Retry-After"], state()) == (429, "300", State.PAUSED)


@pytest.mark.django_db(transaction=True)
def test_parallel_clients_do_not_get_more_through(scim, limits):
    limits(brake_people=12)
    ids = people(scim, 40)
    answers = at_once(
        lambda one: persistently(lambda: scim.patch(f"/Users/{one}", OFF)).status, ids, workers=10
    )
    assert (answers.count(200), answers.count(429)) == (12, 28)
    assert (disabled(), Finding.objects.get(kind="braked").count) == (12, 1)


def test_what_was_under_way_when_it_was_paused_takes_no_access(scim, limits, monkeypatch):
    [one] = people(scim, 1)
    from scim_provisioning.directory import opening

    opened = opening.opened

    def paused_meanwhile(*args, **kwargs):
        Connection.objects.update(state=State.PAUSED)
        return opened(*args, **kwargs)

    monkeypatch.setattr(opening, "opened", paused_meanwhile)
    assert (disable(scim, one), disabled()) == (429, 0)


class TestRelease:
    def test_it_counts_anew(self, scim, limits):
        ids = people(scim, 8)
        statuses = [disable(scim, one) for one in ids[:4]]
        assert brake.release(scim.connection.pk)
        statuses += [disable(scim, one) for one in ids[3:7]]
        assert statuses == [200, 200, 200, 429, 200, 200, 200, 429]
        assert Finding.objects.filter(resolved=None).count() == 1

    def test_an_allowance_is_for_once(self, scim, limits):
        ids = people(scim, 14)
        for one in ids[:4]:
            disable(scim, one)
        brake.release(scim.connection.pk, 5)
        assert [disable(scim, one) for one in ids[3:9]] == [200] * 5 + [429]
        brake.release(scim.connection.pk)
        assert [disable(scim, one) for one in ids[8:12]] == [200] * 3 + [429]

    def test_an_allowance_ends_by_itself(self, scim, limits):
        ids = people(scim, 8)
        for one in ids[:4]:
            disable(scim, one)
        brake.release(scim.connection.pk, 100)
        Connection.objects.update(brake_released=timezone.now() - timedelta(hours=25))
        ProvisioningEvent.objects.update(time=timezone.now() - timedelta(hours=26))
        assert [disable(scim, one) for one in ids[3:7]] == [200] * 3 + [429]

    def test_it_is_nothing_to_a_connection_that_goes_on(self, scim):
        assert not brake.release(scim.connection.pk)


class TestRestore:
    def stopped(self, scim):
        """Stop a connection by two who are disabled and one who is deleted, all in a group."""
        ids = people(scim, 5)
        scim.group("Ops", ids)
        scim.delete(f"/Users/{ids[0]}")
        for one in ids[1:4]:
            disable(scim, one)
        return ids, Connection.objects.get(name="idp")

    def restore(self, stopped):
        model = get_user_model()
        boss = model._default_manager.create(**{model.USERNAME_FIELD: "boss@example.com"})
        return restoring.restore(stopped, boss)

    def test_who_was_disabled_has_what_they_had(self, scim, limits):
        ids, stopped = self.stopped(scim)
        assert self.restore(stopped) == restoring.Restored(2, (), 0)
        one = ScimUser.objects.get(pk=ids[1])
        assert (one.active, one.user.is_active, one.credentials_valid_after is None) == (
            True,
            True,
            False,
        )
        assert [group["display"] for group in scim.get(f"/Users/{ids[1]}").body["groups"]] == [
            "Ops"
        ]
        assert ScimUser.objects.get(pk=ids[0]).deleted
        assert state() == State.PAUSED

    def test_it_is_in_the_ledger_with_the_name(self, scim, limits):
        ids, stopped = self.stopped(scim)
        self.restore(stopped)
        event = ProvisioningEvent.objects.filter(resource_id=ids[1]).first()
        assert (event.acting_user, event.credential) == ("boss@example.com", "administrator")
        assert (event.changes, event.ends_access) == ({"active": [False, True]}, False)

    def test_nobody_else_is_enabled(self, scim, limits):
        before = scim.user("before@example.com")["id"]
        disable(scim, before)
        ProvisioningEvent.objects.update(time=timezone.now() - timedelta(minutes=61))
        never = scim.user("never@example.com", active=False)["id"]
        _, stopped = self.stopped(scim)
        self.restore(stopped)
        assert not ScimUser.objects.filter(pk__in=[before, never], active=True).exists()

    def test_what_is_refused_does_not_end_the_rest(self, scim, limits, monkeypatch):
        _, stopped = self.stopped(scim)
        refused = restoring.disabled(stopped)[0]
        ScimUser.objects.filter(pk=refused.pk).update(connection=None, listed=False)
        both = ScimUser.objects.filter(active=False, deleted=None)
        monkeypatch.setattr(restoring, "disabled", lambda _: both)
        restored = self.restore(stopped)
        assert (restored.done, len(restored.refused)) == (1, 1)

    def test_it_stops_in_time_and_goes_on_from_there(self, scim, limits, monkeypatch):
        _, stopped = self.stopped(scim)
        monkeypatch.setattr(restoring, "SECONDS", -1)
        assert self.restore(stopped) == restoring.Restored(0, (), 2)

    def test_a_connection_that_goes_on_has_nothing_to_take_back(self, scim):
        assert not restoring.lost(scim.connection).exists()


class TestMail:
    @pytest.fixture
    def boss(self, db):
        model = get_user_model()
        name = {
            model.USERNAME_FIELD: "boss@example.com",
            model.get_email_field_name(): "boss@example.com",
        }
        return model._default_manager.create(**name, is_superuser=True)

    def stop(self, scim):
        for one in people(scim, 4):
            disable(scim, one)

    def test_administrators_are_told_once(
        self, scim, boss, limits, django_capture_on_commit_callbacks, caplog
    ):
        with django_capture_on_commit_callbacks(execute=True):
            self.stop(scim)
        assert "could not be told" not in caplog.text
        alerts.sweep()
        assert alerts.sweep() == 0
        [sent] = mail.outbox
        assert (sent.to, sent.subject) == (["boss@example.com"], "Provisioning by idp was stopped")
        assert "3 people were disabled" in sent.body
        # The other sites of these tests have no admin.
        leads = f"/connection/{scim.connection.pk}/brake/" in sent.body
        assert leads == apps.is_installed("kyvos_portal")

    def test_the_setting_names_others(self, scim, boss, limits):
        limits(alert_recipients=("ops@example.com",))
        self.stop(scim)
        assert alerts.tell(scim.connection.pk) == 1
        assert mail.outbox[0].to == ["ops@example.com"]

    def test_what_could_not_be_sent_is_sent_later(self, scim, boss, limits, monkeypatch):
        self.stop(scim)
        with monkeypatch.context() as broken:
            broken.setattr(alerts.EmailMessage, "send", lambda self: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                alerts.tell(scim.connection.pk)
        assert (alerts.sweep(), len(mail.outbox)) == (1, 1)

    def test_a_broken_queue_changes_no_answer(
        self, scim, boss, limits, monkeypatch, caplog, django_capture_on_commit_callbacks
    ):
        monkeypatch.setattr(alerts, "task", None)
        monkeypatch.setattr(alerts.EmailMessage, "send", lambda self: 1 / 0)
        with django_capture_on_commit_callbacks(execute=True):
            self.stop(scim)
        assert (state(), "could not be told" in caplog.text) == (State.PAUSED, True)

    def test_without_recipients_the_finding_has_to_do(self, scim, limits):
        self.stop(scim)
        assert alerts.tell(scim.connection.pk) == 0
        assert Finding.objects.filter(kind="braked", resolved=None).exists()


def test_the_first_too_many_is_counted_not_written(scim, limits):
    for one in people(scim, 5):
        disable(scim, one)
    from scim_provisioning import counters

    counters.flush()
    assert RequestCount.objects.get(status=429).count == 2


def test_the_command_shows_it_and_lets_it_go_on(scim, limits, capsys):
    from django.core.management import call_command

    for one in people(scim, 4):
        disable(scim, one)
    call_command("connection", "list")
    assert "stopped by the brake" in capsys.readouterr().out
    call_command("connection", "resume", "idp", "--allow", "7")
    row = Connection.objects.get(name="idp")
    assert (row.state, row.brake_allowance, row.braked) == (State.ACTIVE, 7, None)


def test_seeded_test_data_has_no_brake(db):
    from django.core.management import call_command

    call_command("seed_directory", "--users", "1", "--verbosity", "0")
    assert Connection.objects.get().brake_people == 0
    made = make_client("kept").connection
    call_command("seed_directory", "--users", "2", "--connection", "kept", "--keep-brake", "-v0")
    made.refresh_from_db()
    assert made.brake_people is None
