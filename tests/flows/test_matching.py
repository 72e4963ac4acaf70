"""Accounts that an administrator linked, or keeps separate, as an identity provider meets them."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection as database
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scim_provisioning.directory import adopting, decisions, matching, people
from scim_provisioning.directory.people import Person
from scim_provisioning.models import (
    Candidate,
    Connection,
    Decision,
    Finding,
    FindingKind,
    ProvisioningEvent,
    ScimUser,
    Source,
)
from scim_provisioning.protocol.errors import NotFound
from scim_provisioning.resources import mirror
from scim_provisioning.signals import user_provisioned
from tests.scim_client import BULK_REQUEST, BULK_RESPONSE, ENTERPRISE, GROUP, USER

pytestmark = pytest.mark.django_db
LOCAL, SENT = "ada@example.com", "ada.lovelace@corp.example.com"


def local(name=LOCAL, **fields):
    model = get_user_model()
    user = model(**{model.USERNAME_FIELD: name, **fields})
    user.set_password("secret")
    user.save()
    return user


@pytest.fixture
def decide(scim):
    """Compare a person by name and address, and decide."""

    def decide(user_name=SENT, email=LOCAL, decision=Decision.LINK):
        matching.take(scim.connection, [Person(1, user_name, email)], Source.EXPORT)
        matching.match(scim.connection, seconds=60)
        by, rows = scim.connection.acting_user, Candidate.objects.all()
        return decisions.decide(scim.connection, rows, decision, by, may_allow=True).done

    return decide


def body(user_name=SENT, **attributes):
    return {"schemas": [USER, ENTERPRISE], "userName": user_name, **attributes}


def rename(client, identifier):
    return client.patch(f"/Users/{identifier}", {"op": "replace", "path": "title", "value": "Lead"})


def test_a_create_takes_over_the_linked_account(scim, decide):
    user = local()
    decide()
    answer = scim.post("/Users", body(externalId="7", title="Lead"))
    assert answer.status == 201
    assert answer.body["id"] == str(user.scim.pk)
    assert answer.headers["Location"].endswith(str(user.scim.pk))
    assert answer.body["userName"] == SENT
    row = ScimUser.objects.get(user=user)
    assert (row.connection, row.title, row.user_name) == (scim.connection, "Lead", SENT)
    assert scim.get(f"/Users/{row.pk}").body == answer.body
    assert scim.get('/Users?filter=externalId eq "7"').body["totalResults"] == 1


def test_password_class_and_what_was_not_sent_stay(scim, decide):
    user = local()
    group = Group.objects.create(name="Ops")
    user.groups.add(group)
    ScimUser.objects.filter(user=user).update(nick_name="Countess")
    decide()
    answer = scim.post("/Users", body(name={"familyName": "Lovelace"}, password="other"))
    user.refresh_from_db()
    assert user.check_password("secret")
    assert user.get_username() == SENT
    assert ScimUser.objects.get(user=user).sign_in_class is None
    assert answer.body["nickName"] == "Countess"
    assert [entry["display"] for entry in answer.body["groups"]] == ["Ops"]


def test_it_is_told_as_linked_not_as_created(scim, decide):
    heard = []

    def hear(created, **_):
        heard.append(created)

    local()
    decide()
    user_provisioned.connect(hear)
    scim.post("/Users", body())
    user_provisioned.disconnect(hear)
    event = ProvisioningEvent.objects.get()
    assert (event.method, event.status, heard) == ("POST", 201, [False])
    assert "linked to this connection" in event.notes
    assert event.changes["userName"] == [LOCAL, SENT]


@pytest.mark.parametrize("active", [True, False])
def test_an_account_stays_as_active_as_it_was_unless_it_is_told(scim, decide, active):
    user = local(is_active=active)
    decide()
    assert scim.post("/Users", body()).body["active"] is active
    user.refresh_from_db()
    assert user.is_active is active


def test_a_second_create_of_the_name_is_a_conflict(scim, decide):
    local()
    decide()
    assert [scim.post("/Users", body()).status for _ in range(2)] == [201, 409]


def test_an_account_that_was_taken_over_is_not_taken_over_again(scim, decide):
    user = local()
    decide()
    scim.post("/Users", body())
    change = {"op": "replace", "path": "userName", "value": "countess@corp.example.com"}
    scim.patch(f"/Users/{user.scim.pk}", change)
    assert scim.post("/Users", body()).body["id"] != str(user.scim.pk)


def test_without_a_decision_a_name_that_is_taken_is_a_conflict(scim, decide):
    local()
    decide(LOCAL, decision=Decision.OPEN)
    assert scim.post("/Users", body(LOCAL)).status == 409


def test_a_client_that_posts_blindly_gets_the_account_of_the_same_name(scim, decide):
    user = local()
    decide(LOCAL)
    assert scim.post("/Users", body(LOCAL.upper())).body["id"] == str(user.scim.pk)


def test_a_client_that_looks_first_finds_and_changes_it(scim, decide):
    user = local()
    decide(LOCAL)
    assert rename(scim, user.scim.pk).status == 200
    assert ScimUser.objects.get(user=user).connection == scim.connection


def test_a_decision_is_one_connections(scim, other, decide):
    user = local()
    decide()
    assert other.post("/Users", body()).body["id"] != str(user.scim.pk)


def test_an_account_that_another_connection_took_meanwhile_stays_its(scim, other, decide):
    user = local()
    decide()
    rename(other, user.scim.pk)
    assert scim.post("/Users", body()).body["id"] != str(user.scim.pk)
    assert ScimUser.objects.get(user=user).connection == other.connection


def test_an_account_that_is_gone_is_made_anew(scim, decide):
    user = local()
    decide()
    user.delete()
    assert scim.post("/Users", body()).status == 201


def test_an_account_that_the_request_does_not_see_is_made_anew(scim, decide, monkeypatch):
    def unseen(*_, **__):
        raise NotFound

    user = local()
    decide()
    monkeypatch.setattr(adopting, "load", unseen)
    assert scim.post("/Users", body()).body["id"] != str(user.scim.pk)


def test_an_undecided_account_is_linked_as_without_a_preview(scim, decide):
    user = local()
    decide(LOCAL, decision=Decision.OPEN)
    Connection.objects.update(has_decisions=True)
    assert rename(scim, user.scim.pk).status == 200


def test_a_name_that_a_third_account_has_is_a_conflict(scim, decide):
    user = local()
    decide()
    local(SENT)
    assert scim.post("/Users", body()).status == 409
    assert ScimUser.objects.get(user=user).connection is None


# Privileges.


def test_a_privileged_account_is_taken_over_where_that_was_allowed(scim, decide):
    user = local(is_staff=True)
    decide()
    answer = scim.post("/Users", body())
    row = ScimUser.objects.get(user=user)
    assert (answer.status, answer.body["id"]) == (201, str(row.pk))
    assert (row.listed, row.link_allowed, row.connection) == (True, True, scim.connection)
    user.refresh_from_db()
    user.save()
    assert rename(scim, row.pk).status == 200


def test_an_account_with_permissions_is_changed_where_that_was_allowed(scim, decide):
    user = local()
    user.user_permissions.add(Permission.objects.first())
    decide(LOCAL)
    assert rename(scim, user.scim.pk).status == 200


@pytest.mark.parametrize("way", ["staff", "permission"])
def test_privileges_that_came_after_the_decision_were_not_allowed(scim, decide, way):
    user = local()
    decide()
    if way == "staff":
        user.is_staff = True
        user.save()
    else:
        user.user_permissions.add(Permission.objects.first())
    assert scim.post("/Users", body()).status == 403
    assert ScimUser.objects.get(user=user).connection is None


# Kept separate.


def test_an_account_kept_separate_is_not_changed(scim, other, decide):
    user = local()
    decide(LOCAL, decision=Decision.SEPARATE)
    answer = rename(scim, user.scim.pk)
    assert (answer.status, "separate" in answer.body["detail"]) == (403, True)
    assert scim.delete(f"/Users/{user.scim.pk}").status == 403
    assert scim.post("/Users", body(LOCAL)).status == 409
    assert not Finding.objects.exists()
    assert rename(other, user.scim.pk).status == 200


def test_who_is_kept_separate_from_an_address_gets_an_account_of_their_own(scim, decide):
    user = local()
    decide(decision=Decision.SEPARATE)
    assert scim.post("/Users", body()).body["id"] != str(user.scim.pk)


# Bulk, races, costs.


def test_a_bulk_takes_over_too_and_refers_to_it(scim, decide):
    user = local()
    decide()
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": body()},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": body("new@example.com")},
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": "g",
            "data": {
                "schemas": [GROUP],
                "displayName": "Ops",
                "members": [{"value": "bulkId:a"}, {"value": "bulkId:b"}],
            },
        },
    ]
    answer = scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})
    assert answer.body["schemas"] == [BULK_RESPONSE]
    results = answer.body["Operations"]
    assert [result["status"] for result in results] == ["201", "201", "201"]
    assert results[0]["location"].endswith(str(user.scim.pk))
    assert user.groups.get().name == "Ops"


def test_what_was_refused_while_paused_is_previewed_decided_and_taken_over(scim):
    user = local()
    later = timezone.now() + timedelta(hours=1)
    Connection.objects.update(state="paused", records_until=later)
    sent = body(emails=[{"value": LOCAL, "primary": True}])
    assert scim.post("/Users", sent).status == 429
    matching.take(scim.connection, people.refused(scim.connection), Source.REFUSED)
    matching.match(scim.connection, seconds=60)
    rows = Candidate.objects.all()
    decisions.decide(scim.connection, rows, Decision.LINK, user, may_allow=False)
    assert scim.post("/Users", sent).status == 429
    Connection.objects.update(state="active")
    answer = scim.post("/Users", sent)
    assert (answer.status, answer.body["id"]) == (201, str(user.scim.pk))


def test_a_bulk_asks_once_which_ids_it_promises(scim, decide):
    local()
    decide()
    names = [f"new{n}@example.com" for n in range(5)]
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": name, "data": body(name)} for name in names
    ]
    with CaptureQueriesContext(database) as queries:
        scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})
    asked = [q for q in queries if "scim_provisioning_candidate" in q["sql"]]
    # And each create once more, under its lock.
    assert len(asked) == 1 + len(names)


@pytest.mark.django_db(transaction=True)
def test_two_creates_at_once_take_over_once(scim, decide):
    user = local()
    decide()
    statuses = []

    def send():
        statuses.append(scim.post("/Users", body()).status)
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]
    assert ScimUser.objects.filter(user_name=SENT).get().user_id == user.pk


def test_without_decisions_nothing_is_asked(scim, decide):
    local()
    decide(decision=Decision.OPEN)
    with CaptureQueriesContext(database) as queries:
        scim.user("new@example.com")
    assert not [q for q in queries if "scim_provisioning_candidate" in q["sql"]]


@pytest.mark.skipif(mirror.EMAIL not in mirror.fields(), reason="accounts have no address")
def test_addresses_that_are_sent_become_the_accounts(scim, decide):
    user = local("ada", email=LOCAL)
    decide()
    emails = [{"value": "new@example.com", "primary": True}]
    assert scim.post("/Users", body(emails=emails)).body["id"] == str(user.scim.pk)
    user.refresh_from_db()
    assert user.email == "new@example.com"


def test_a_refused_take_over_is_a_finding(scim, decide):
    user = local()
    decide()
    user.user_permissions.add(Permission.objects.first())
    scim.post("/Users", body())
    assert Finding.objects.get().kind == FindingKind.UNAPPROVED


# What need not be kept.


def purge(capsys):
    """Purge when all there is has become old; return how many people went, and who stayed."""
    long_ago = timezone.now() - timedelta(days=31)
    Candidate.objects.update(created=long_ago)
    Candidate.objects.exclude(decided=None).update(decided=long_ago)
    call_command("purge_ledger", "--json")
    removed = json.loads(capsys.readouterr().out.splitlines()[-1])
    return removed["undecided"], removed["settled"], Candidate.objects.count()


def test_purge_forgets_people_nobody_decided_about(scim, decide, capsys):
    decide(decision=Decision.OPEN)
    call_command("purge_ledger")
    assert Candidate.objects.count() == 1
    assert purge(capsys) == (1, 0, 0)


@pytest.mark.parametrize("decision", [Decision.LINK, Decision.SEPARATE])
def test_purge_keeps_a_decision_that_is_to_be_carried_out(scim, decide, capsys, decision):
    local()
    decide(LOCAL, decision=decision)
    assert purge(capsys) == (0, 0, 1)
    assert Connection.objects.get().has_decisions


def test_purge_forgets_a_decision_that_is_carried_out(scim, decide, capsys):
    user = local()
    decide(LOCAL)
    assert scim.post("/Users", body(LOCAL)).status == 201
    assert purge(capsys) == (0, 1, 0)
    assert not Connection.objects.get().has_decisions
    assert rename(scim, user.scim.pk).status == 200


def test_purge_forgets_a_decision_about_an_account_that_is_gone(scim, decide, capsys):
    user = local()
    decide(LOCAL)
    user.delete()
    assert purge(capsys) == (0, 1, 0)
