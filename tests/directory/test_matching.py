"""The import preview: what is read, which account matches, and what a decision may do."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scim_provisioning.directory import decisions, evidence, exports, matching, people
from scim_provisioning.directory.exports import Unreadable
from scim_provisioning.directory.people import Person
from scim_provisioning.models import (
    Candidate,
    Connection,
    Decision,
    Match,
    Reason,
    ScimUser,
    Source,
)
from scim_provisioning.resources import mirror
from tests.scim_client import BULK_REQUEST, USER, WANTS_EMAIL

pytestmark = pytest.mark.django_db
HAS_EMAIL = mirror.EMAIL in mirror.fields()
addresses = pytest.mark.skipif(not HAS_EMAIL, reason="accounts have no address but their name")


def local(name="ada@example.com", **fields):
    model = get_user_model()
    user = model(**{model.USERNAME_FIELD: name, **fields})
    user.set_password("secret")
    user.save()
    return user


def person(user_name="ada@example.com", email="", external_id="", position=1):
    return Person(position, user_name, email, external_id)


def preview(client, *found, source=Source.EXPORT):
    """Compare these people, and return what each came to, in their order."""
    matching.take(client.connection, iter(found), source)
    assert matching.match(client.connection, seconds=60) == 0
    return list(Candidate.objects.filter(connection=client.connection))


def one(client, *args, **fields):
    [row] = preview(client, person(*args, **fields))
    return row


def text(content, name=""):
    export = exports.read(content.encode() if isinstance(content, str) else content, name)
    return [(one.user_name, one.email, one.external_id) for one in export.people()]


# What is read.


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("login,firstName,email,id", ("a", "c", "d")),
        ("Okta username,Full name,Primary email,User ID", ("a", "c", "d")),
        ("userPrincipalName,displayName,mail,objectId", ("a", "c", "d")),
        ("User name [userPrincipalName] Required,Name [displayName] Required,x,y", ("a", "", "")),
        ("userName,name.givenName,emails[0].value,externalId", ("a", "c", "d")),
        ("﻿USERNAME;b;E-Mail;external_id", ("a", "c", "d")),
        ("user name\tb\temail address\texternal id", ("a", "c", "d")),
    ],
    ids=["okta", "okta report", "entra", "entra template", "scim", "bom and ;", "tabs"],
)
def test_columns_are_known_by_their_heads(head, expected):
    separator = next(mark for mark in "\t;," if mark in head)
    assert text(f"{head}\r\n{separator.join('abcd')}\r\n") == [expected]


def test_utf_16_and_a_line_with_the_version_before_the_heads_are_understood():
    assert text("login,email\nzoë,z@example.com\n".encode("utf-16")) == [
        ("zoë", "z@example.com", "")
    ]
    assert text("version:v1.0,,\nUser name [userName] Required\nada\n") == [("ada", "", "")]


def test_the_column_with_the_user_name_can_be_named():
    assert text("userPrincipalName,mail\na,b\n", "Mail") == [("b", "b", "")]


def test_lines_are_numbered_as_an_editor_does_and_empty_ones_left_out():
    export = exports.read(b'login,note\n\nada,"two\nlines"\n,\nbob,\n')
    assert [(one.position, one.user_name) for one in export.people()] == [(4, "ada"), (6, "bob")]
    assert export.count == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "No column"),
        (b"name,mail\nada,b\n", "it has: name, mail"),
        ("login\nzo\xeb\n".encode("latin-1"), "UTF-8"),
        (b"login\na\0b\n", "UTF-8"),
        (b"PK\x03\x04\xff", "UTF-8"),
        (b'login\n"' + b"x" * 140_000 + b'"\n', "Line"),
    ],
    ids=["empty", "no user name", "latin-1", "binary", "spreadsheet", "endless"],
)
def test_what_cannot_be_read_says_why(content, told):
    with pytest.raises(Unreadable, match=told):
        exports.read(content)


@pytest.mark.parametrize(
    ("limit", "told"), [("PREVIEW_SIZE", "larger"), ("PREVIEW_PEOPLE", "lines")]
)
def test_too_much_is_refused(settings, limit, told):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, limit: 2}
    with pytest.raises(Unreadable, match=told):
        exports.read(b"login\na\nb\nc\n")


# Which account matches.


def test_a_name_matches_without_letter_case(scim):
    user = local("Ada@Example.com")
    row = one(scim, "ADA@example.com")
    assert (row.match, row.user, row.privileged) == (Match.USER_NAME, user.scim, False)


def test_an_account_that_scim_does_not_know_yet_matches(scim):
    user = local("Ada@Example.com")
    ScimUser.objects.all().delete()
    row = one(scim, "ada@example.com")
    assert (row.match, row.user.user_id) == (Match.USER_NAME, user.pk)


@addresses
def test_an_address_matches(scim):
    user = local("ada", email="Ada@Example.com")
    row = one(scim, "ada.l@corp.example.com", email="ada@example.COM")
    assert (row.match, row.user) == (Match.EMAIL, user.scim)


def test_an_address_matches_the_account_that_signs_in_by_it(scim):
    user = local("ada@example.com")
    row = one(scim, "ada@corp.example.com", email="Ada@example.com")
    assert (row.match, row.user) == (Match.EMAIL, user.scim)


def test_an_external_id_matches_within_the_connection_only(scim, other):
    made = scim.user("ada@example.com", externalId="7")
    other.user("bob@example.com", externalId="7")
    ScimUser.objects.update(connection=None)
    row = one(scim, "renamed@example.com", external_id="7")
    assert (row.match, row.user) == (Match.EXTERNAL_ID, ScimUser.objects.get(pk=made["id"]))


@addresses
def test_two_accounts_of_an_address_are_ambiguous(scim):
    users = {local(name, email="info@example.com").scim for name in ("ada", "bob")}
    row = one(scim, "carol", email="info@example.com")
    assert (row.match, row.user) == (Match.AMBIGUOUS, None)
    assert {choice.account for choice in evidence.choices(row)} == users


@addresses
def test_a_name_and_an_address_of_two_accounts_are_ambiguous(scim):
    local("ada")
    local("bob", email="ada@example.com")
    row = one(scim, "ada", email="ada@example.com")
    assert row.match == Match.AMBIGUOUS
    assert {c.account.user_name: c.is_open for c in evidence.choices(row)} == {
        "ada": True,
        "bob": False,
    }


def test_names_that_differ_by_case_only_are_ambiguous(scim):
    model = get_user_model()
    names = ("Ada@example.com", "ada@example.com")
    model._default_manager.bulk_create([model(**{model.USERNAME_FIELD: name}) for name in names])
    assert one(scim, "ADA@example.com").match == Match.AMBIGUOUS


def test_accounts_of_connections(scim, other):
    scim.user("own@example.com")
    other.user("foreign@example.com")
    names = ("own@example.com", "foreign@example.com", "new@example.com")
    rows = preview(scim, *map(person, names))
    assert [row.match for row in rows] == [Match.OWN, Match.FOREIGN, Match.NEW]


def test_who_was_deleted_is_new(scim):
    scim.delete(f"/Users/{scim.user('ada@example.com')['id']}")
    assert one(scim, "ada@example.com").match == Match.NEW


@pytest.mark.parametrize("grant", ["staff", "permission", "acting"])
def test_privileges_are_told(scim, other, grant):
    user = other.connection.acting_user if grant == "acting" else local(is_staff=grant == "staff")
    if grant == "permission":
        user.user_permissions.add(Permission.objects.first())
    row = one(scim, user.get_username())
    assert (row.match, row.privileged) == (Match.USER_NAME, True)


def test_who_cannot_be_created_is_told(scim):
    rows = preview(scim, *map(person, ("", "ada@example.com", "ADA@example.com", "x" * 257)))
    assert [row.reason for row in rows] == [Reason.NAMELESS, "", Reason.TWICE, Reason.LONG]
    assert [row.match == Match.UNUSABLE for row in rows] == [True, False, True, True]


def test_a_name_that_accounts_cannot_have_is_unusable(scim):
    name = "ada" if WANTS_EMAIL else "x" * 200
    field = mirror.fields()[mirror.USERNAME]
    rooms = WANTS_EMAIL or field.max_length < 200
    assert one(scim, name).reason == (Reason.UNFIT if rooms else "")


# What it costs, and that it goes on.


def test_a_batch_costs_the_same_however_many_people(scim):
    costs = []
    for size in (10, 400):
        matching.take(
            scim.connection, (person(f"u{n}@example.com") for n in range(size)), Source.EXPORT
        )
        with CaptureQueriesContext(database) as queries:
            matching.match(scim.connection, seconds=60)
        costs.append(len([q for q in queries if "INSERT" not in q["sql"]]))
    assert costs[0] == costs[1] <= 16


def test_what_had_no_time_is_left_for_the_next_run(scim, monkeypatch):
    monkeypatch.setattr(matching, "BATCH", 2)
    matching.take(scim.connection, (person(f"u{n}@example.com") for n in range(5)), Source.EXPORT)
    assert matching.match(scim.connection, seconds=0) == 5
    assert matching.match(scim.connection, seconds=60) == 0


def test_accounts_that_scim_does_not_know_wait_for_time_too(scim):
    ScimUser.objects.all().delete()
    matching.take(scim.connection, [person()], Source.EXPORT)
    assert matching.match(scim.connection, seconds=-1) == 1
    assert not ScimUser.objects.exists()


# What was refused while paused.


@pytest.fixture
def paused(scim):
    Connection.objects.update(state="paused", records_until=timezone.now() + timedelta(hours=1))
    return scim


def test_refused_creates_are_the_people(paused):
    emails = [{"value": "other@example.com"}, {"value": "a@example.com", "primary": True}]
    body = {"schemas": [USER], "USERNAME": "ada@example.com", "emails": emails, "externalId": "7"}
    assert [paused.post("/Users", body).status for _ in range(2)] == [429, 429]
    paused.post("/Groups", {"displayName": "Ops"})
    paused.post("/Users", {"userName": 5, "emails": ["x"]})
    found = list(people.refused(paused.connection))
    assert found[0] == Person(1, "ada@example.com", "a@example.com", "7")
    rows = preview(paused, *found, source=Source.REFUSED)
    assert [(row.user_name, row.reason) for row in rows] == [
        ("ada@example.com", ""),
        ("", Reason.NAMELESS),
    ]


def test_refused_creates_of_a_bulk_are_too(paused):
    creates = [
        {"method": method, "path": path, "bulkId": f"b{n}", "data": {"userName": f"u{n}"}}
        for n, (method, path) in enumerate(
            [("post", "/Users"), ("POST", "Users"), ("PUT", "/Users"), ("POST", "/Groups")]
        )
    ]
    paused.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": [*creates, "no object"]})
    assert [one.user_name for one in people.refused(paused.connection)] == ["u0", "u1"]


def test_bodies_that_were_not_kept_are_counted_and_no_more(paused, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "EXCHANGE_BODY_SIZE": 10}
    paused.post("/Users", {"userName": "ada@example.com"})
    assert list(people.refused(paused.connection)) == []
    assert people.refused_writes(paused.connection).filter(request_body="").count() == 1


def test_characters_that_no_database_holds_are_replaced(scim):
    row = one(scim, json.loads('"a\\u0000b\\ud800@example.com"'))
    assert "\ufffd" in row.user_name


# What is decided.


@pytest.fixture(autouse=True)
def administrator(db):
    return local("admin@example.com")


@pytest.fixture
def decide(scim, administrator):
    def decide(decision, *, may_allow=False):
        rows = Candidate.objects.all()
        return decisions.decide(scim.connection, rows, decision, administrator, may_allow=may_allow)

    return decide


def flag():
    return Connection.objects.get(name="idp").has_decisions


def test_decisions_are_noted_with_the_name_and_taken_back(scim, decide):
    local()
    row = one(scim)
    assert (decide(Decision.LINK).done, flag()) == (1, True)
    row.refresh_from_db()
    assert (row.decision, row.decided_by, bool(row.decided)) == (
        Decision.LINK,
        "admin@example.com",
        True,
    )
    assert decide(Decision.LINK).done == 0
    assert (decide(Decision.OPEN).done, flag()) == (1, False)
    row.refresh_from_db()
    assert (row.decision, row.decided_by, row.decided) == (Decision.OPEN, "", None)


def test_there_is_nothing_to_decide_of_new_and_foreign_people(scim, other, decide):
    other.user("foreign@example.com")
    preview(scim, person("foreign@example.com"), person("new@example.com"), person(""))
    for decision in Decision:
        assert decide(decision).done == 0


def test_privileged_accounts_are_for_those_who_may_allow_it(scim, decide):
    local(is_staff=True)
    row = one(scim)
    assert (decide(Decision.LINK).privileged, flag()) == (1, False)
    assert decide(Decision.SEPARATE).done == 1
    assert decide(Decision.LINK, may_allow=True).done == 1
    row.refresh_from_db()
    assert (row.decision, row.privileged) == (Decision.LINK, True)


def test_privileges_count_as_they_are_when_it_is_decided(scim, decide):
    user = local()
    one(scim)
    get_user_model()._default_manager.filter(pk=user.pk).update(is_staff=True)
    assert decide(Decision.LINK).privileged == 1


def test_one_account_is_one_persons(scim, decide):
    local("shared@example.com")
    preview(scim, *(person(f"{n}@corp.example.com", email="shared@example.com") for n in range(2)))
    decided = decide(Decision.LINK)
    assert (decided.done, decided.taken) == (1, 1)
    assert decide(Decision.LINK).taken == 1


def test_an_account_that_got_another_owner_meanwhile_is_taken(scim, other, decide):
    user = local()
    one(scim)
    ScimUser.objects.filter(user=user).update(connection=other.connection)
    assert decide(Decision.LINK).taken == 1


def test_what_is_carried_out_is_not_taken_back(scim, decide):
    user = local()
    one(scim)
    decide(Decision.LINK)
    ScimUser.objects.filter(user=user).update(connection=scim.connection)
    assert decide(Decision.OPEN).done == 0
    assert Candidate.objects.get().decision == Decision.LINK


@addresses
def test_one_of_several_is_chosen(scim, decide):
    ada, bob = (local(name, email="info@example.com") for name in ("ada", "bob"))
    row = one(scim, "carol", email="info@example.com")
    assert decide(Decision.LINK).done == 0
    for user in (ada, bob):
        assert decisions.choose(row, user.scim.pk, user, may_allow=False).done == 1
    row.refresh_from_db()
    assert (row.decision, row.user) == (Decision.LINK, bob.scim)
    decide(Decision.OPEN)
    row.refresh_from_db()
    assert row.user is None


@addresses
def test_a_choice_that_may_not_be_made_changes_nothing(scim):
    for name in ("ada", "bob"):
        local(name, email="info@example.com", is_staff=True)
    row = one(scim, "carol", email="info@example.com")
    choice = next(evidence.choices(row))
    assert (
        decisions.choose(row, choice.account.pk, choice.account.user, may_allow=False).privileged
        == 1
    )
    row.refresh_from_db()
    assert (row.user, row.decision, flag()) == (None, Decision.OPEN, False)


def test_a_new_preview_keeps_decisions_and_replaces_the_rest(scim, decide):
    local("ada@example.com")
    preview(scim, person("ada@example.com"), person("old@example.com"))
    decide(Decision.LINK)
    rows = preview(scim, person("ADA@example.com"), person("new@example.com"))
    assert [(row.user_name, row.decision) for row in rows] == [
        ("ada@example.com", Decision.LINK),
        ("new@example.com", Decision.OPEN),
    ]


def test_a_decision_that_had_no_time_says_so_and_counts_as_far_as_it_came(
    scim, decide, settings, monkeypatch
):
    names = [f"u{n}@example.com" for n in range(3)]
    for name in names:
        local(name)
    preview(scim, *map(person, names))
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "PREVIEW_SECONDS": 1.5}
    monkeypatch.setattr(decisions, "BATCH", 1)
    ticks = iter(range(100))
    monkeypatch.setattr(decisions, "time", SimpleNamespace(monotonic=ticks.__next__))
    decided = decide(Decision.LINK)
    assert (decided.done, decided.ended, flag()) == (1, True, True)
