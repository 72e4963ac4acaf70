"""The import preview's pages: what they show, who may decide, and that they ask and log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scim_provisioning.directory import matching
from scim_provisioning.directory.people import Person
from scim_provisioning.models import Candidate, Connection, Decision, Match, ScimUser, Source
from tests.admin.test_delegation import CONFIGURER, OPERATOR, person, statuses, url

pytestmark = pytest.mark.django_db
EXPORT = "login,email,id\nada@example.com,ada@example.com,1\nnew@example.com,,2\n"


def local(name="ada@example.com", **fields):
    model = get_user_model()
    return model._default_manager.create(**{model.USERNAME_FIELD: name, **fields})


def page(name, client, *keys):
    return url(f"matching{name}", client.connection.pk, *keys)


def upload(client, scim, content=EXPORT, **data):
    file = SimpleUploadedFile("people.csv", content.encode())
    return client.post(
        page("", scim), {"file": file, "column": "", **data}, follow=True
    ).content.decode()


def text(client, address, **data):
    return client.get(address, data).content.decode()


@pytest.fixture
def compare(scim):
    def compare(*people):
        found = (Person(n, *one) for n, one in enumerate(people, 2))
        matching.take(scim.connection, found, Source.EXPORT)
        matching.match(scim.connection, seconds=60)
        return list(Candidate.objects.all())

    return compare


def decide(client, scim, do, *rows, **data):
    keys = [row.pk for row in rows]
    sent = {"do": do, "person": keys, "scope": "selected", **data}
    return client.post(page("_decide", scim), sent, follow=True).content.decode()


def test_there_is_nothing_at_first(scim):
    shown = text(person(OPERATOR), page("", scim))
    assert "There is no preview yet" in shown
    assert "No refused write is recorded" in shown


def test_an_export_is_compared_and_told(scim):
    local()
    operator = person(OPERATOR)
    shown = upload(operator, scim)
    assert "2 people were read. User name: column “login”" in shown
    assert "Same user name" in shown
    assert "/scimuser/" in shown
    assert [row.match for row in Candidate.objects.all()] == [Match.USER_NAME, Match.NEW]
    note = "Read an export of 2 people for the import preview."
    assert LogEntry.objects.get(user=operator.person).change_message == note


@pytest.mark.parametrize(
    ("content", "column", "told"),
    [("", "", "empty"), ("name\nada\n", "", "userPrincipalName"), (EXPORT, "Mail", "No column")],
)
def test_a_file_that_cannot_be_read_says_why_and_replaces_nothing(
    scim, compare, content, column, told
):
    compare(("old@example.com",))
    assert told in upload(person(OPERATOR), scim, content, column=column)
    assert Candidate.objects.get().user_name == "old@example.com"


def test_what_was_refused_while_paused_is_compared(scim):
    later = timezone.now() + timedelta(hours=1)
    Connection.objects.update(state="paused", records_until=later)
    scim.post("/Users", {"userName": "ada@example.com"})
    operator = person(OPERATOR)
    assert "1 refused write is recorded" in text(operator, page("", scim))
    assert operator.get(page("_refused", scim)).status_code == 302
    shown = operator.post(page("_refused", scim), follow=True).content.decode()
    assert "ada@example.com" in shown
    assert Candidate.objects.get().source == Source.REFUSED


def test_what_had_no_time_goes_on(scim, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "PREVIEW_SECONDS": 0}
    operator = person(OPERATOR)
    assert "2 people are not compared yet" in upload(operator, scim)
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "PREVIEW_SECONDS": 20}
    assert operator.get(page("_go_on", scim)).status_code == 302
    assert Candidate.objects.filter(match=Match.WAITING).count() == 2
    operator.post(page("_go_on", scim))
    assert not Candidate.objects.filter(match=Match.WAITING).exists()


def test_filters_and_wrong_ones(scim, compare):
    local()
    compare(("ada@example.com",), ("new@example.com",), ("other@example.com",))
    operator = person(OPERATOR)

    def names(**data):
        shown = text(operator, page("", scim), **data)
        return [name for name in ("ada@", "new@", "other@") if f'scope="row">{name}' in shown]

    assert names() == ["ada@", "new@", "other@"]
    assert names(match="new") == ["new@", "other@"]
    assert names(q="NEW") == ["new@"]
    assert names(match="user_name", decision="open") == ["ada@"]
    assert names(privileged="on") == []
    assert names(match="nonsense", before="x", after="9" * 30) == []
    assert names(match="nonsense") == ["ada@", "new@", "other@"]


def test_pages_by_place(scim, compare):
    compare(*((f"u{n:03}@example.com",) for n in range(120)))
    operator, address = person(OPERATOR), page("", scim)
    rows = list(Candidate.objects.values_list("pk", flat=True))

    def first(**data):
        shown = text(operator, address, **data)
        return shown.partition('<th scope="row">u')[2][:3], "First" in shown, "Next" in shown

    assert first() == ("000", False, True)
    assert first(after=rows[49]) == ("050", True, True)
    assert first(after=rows[99]) == ("100", True, False)
    assert first(before=rows[100]) == ("050", True, True)
    assert first(before=rows[50]) == ("000", False, True)


def test_a_page_costs_the_same_however_many_people(scim, compare):
    operator, costs = person(OPERATOR), []
    for size in (3, 45):
        for n in range(size):
            local(f"{size}u{n}@example.com")
        compare(*((f"{size}u{n}@example.com",) for n in range(size)))
        with CaptureQueriesContext(database) as queries:
            operator.get(page("", scim))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 20


def test_deciding_asks_and_is_logged_with_the_name(scim, compare):
    local()
    rows = compare(("ada@example.com",), ("new@example.com",))
    configurer = person(CONFIGURER)
    asked = decide(configurer, scim, "link", *rows)
    assert "Link 1 person to the account that matches?" in asked
    assert 'name="person" value="' in asked
    assert not Connection.objects.get().has_decisions
    assert "Decided about 1 person." in decide(configurer, scim, "link", *rows, yes="1")
    row = Candidate.objects.get(decision=Decision.LINK)
    assert row.decided_by == configurer.person.get_username()
    assert "Take back" in decide(configurer, scim, "open", *rows)
    decide(configurer, scim, "open", *rows, yes="1")
    decide(configurer, scim, "separate", *rows, yes="1")
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
        "Decided to link 1 people of the import preview.",
        "Took back the decisions about 1 people of the import preview.",
        "Decided to keep 1 people of the import preview separate.",
    ]


def test_all_that_are_shown_are_decided_and_nobody_else(scim, compare):
    for name in ("ada@example.com", "bob@example.com", "address@example.com"):
        local(name)
    compare(("ada@example.com",), ("bob@example.com",), ("x@example.com", "address@example.com"))
    decide(person(CONFIGURER), scim, "link", scope="all", match="user_name", yes="1")
    assert list(Candidate.objects.values_list("decision", flat=True)) == ["link", "link", "open"]


def test_who_needs_a_choice_first_is_not_counted(scim, ambiguous):
    assert "Nobody was selected" in decide(person(CONFIGURER), scim, "link", ambiguous)
    assert "Keep 1 person separate" in decide(person(CONFIGURER), scim, "separate", ambiguous)


@pytest.mark.parametrize("data", [{}, {"person": ["x", "99"]}, {"do": "nonsense", "scope": "all"}])
def test_a_decision_about_nobody_says_so(scim, compare, data):
    local()
    compare(("ada@example.com",))
    sent = {"do": "link", **data}
    shown = person(CONFIGURER).post(page("_decide", scim), sent, follow=True).content.decode()
    assert "Nobody was selected" in shown


def test_privileges_are_told_in_words_and_need_the_right_to_allow_links(scim, compare):
    local(is_staff=True)
    local("bob@example.com").user_permissions.add(Permission.objects.first())
    name = scim.connection.acting_user.get_username()
    rows = compare(("ada@example.com",), ("bob@example.com",), (name,))
    configurer = person(CONFIGURER)
    configurer.person.groups.clear()
    for codename in ("view_connection", "change_connection"):
        configurer.person.user_permissions.add(Permission.objects.get(codename=codename))
    shown = text(configurer, page("", scim))
    for words in (
        "<td>staff</td>",
        "<td>permissions or a role</td>",
        "<td>acts for a connection</td>",
    ):
        assert words in shown
    asked = decide(configurer, scim, "link", *rows)
    assert "3 accounts with privileges are left" in asked
    assert "3 accounts with privileges are left" in decide(configurer, scim, "link", *rows, yes="1")
    assert not Candidate.objects.filter(decision=Decision.LINK).exists()
    configurer.person.user_permissions.add(Permission.objects.get(codename="allow_link"))
    assert "3 of the accounts have privileges" in decide(configurer, scim, "link", *rows)
    decide(configurer, scim, "link", *rows, yes="1")
    assert Candidate.objects.filter(decision=Decision.LINK).count() == 3


def test_a_decision_that_had_no_time_says_so(scim, compare, settings):
    local()
    rows = compare(("ada@example.com",))
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "PREVIEW_SECONDS": 0}
    told = decide(person(CONFIGURER), scim, "link", *rows, yes="1")
    assert "There was no time for all" in told


def test_an_account_that_is_taken_is_told(scim, other, compare):
    user = local()
    rows = compare(("ada@example.com",))
    ScimUser.objects.filter(user=user).update(connection=other.connection)
    assert "1 account is linked to another person" in decide(
        person(CONFIGURER), scim, "link", *rows, yes="1"
    )


@pytest.fixture
def ambiguous(scim, compare):
    """Somebody whose name is one account's, and whose address is another's."""
    local("ada@example.com")
    local("bob@example.com")
    return compare(("ada@example.com", "bob@example.com"))[0]


def test_one_of_several_accounts_is_chosen_on_the_persons_page(scim, ambiguous):
    configurer, address = person(CONFIGURER), page("_choose", scim, ambiguous.pk)
    assert address in text(configurer, page("", scim))
    shown = text(configurer, address)
    assert "The user name is another account" in shown
    assert "Same user name" in shown
    ada, bob = (ScimUser.objects.get(user_name=f"{name}@example.com") for name in ("ada", "bob"))
    for account in ("", "nonsense", bob.pk):
        told = configurer.post(address, {"account": account}, follow=True).content.decode()
        assert "Choose one of the accounts" in told
    configurer.post(address, {"account": ada.pk})
    ambiguous.refresh_from_db()
    assert (ambiguous.decision, ambiguous.user) == (Decision.LINK, ada)
    assert "Undo the decision" in text(configurer, address)
    configurer.post(address, {"account": "nobody"})
    ambiguous.refresh_from_db()
    assert (ambiguous.decision, ambiguous.user) == (Decision.SEPARATE, None)
    configurer.post(address, {"account": "undo"})
    ambiguous.refresh_from_db()
    assert ambiguous.decision == Decision.OPEN


def test_what_hinders_a_choice_is_told(scim, other, ambiguous, compare):
    ScimUser.objects.filter(user_name="ada@example.com").update(connection=other.connection)
    shown = text(person(CONFIGURER), page("_choose", scim, ambiguous.pk))
    assert f"It belongs to {other.connection}." in shown
    ScimUser.objects.filter(user_name="ada@example.com").update(connection=None)
    rows = compare(("ada@example.com", "bob@example.com"), ("y@example.com", "ada@example.com"))
    decide(person(CONFIGURER), scim, "link", rows[1], yes="1")
    shown = text(person(CONFIGURER), page("_choose", scim, rows[0].pk))
    assert "It is linked to another person." in shown


def test_a_person_whose_accounts_are_gone_says_so(scim, ambiguous):
    get_user_model()._default_manager.exclude(pk=scim.connection.acting_user_id).delete()
    assert "No account matches any more" in text(
        person(OPERATOR), page("_choose", scim, ambiguous.pk)
    )


def test_who_is_linked_is_shown_so(scim, compare):
    user = local()
    compare(("ada@example.com",))
    decide(person(CONFIGURER), scim, "link", scope="all", yes="1")
    ScimUser.objects.filter(user=user).update(connection=scim.connection)
    assert "<td>Linked</td>" in text(person(CONFIGURER), page("", scim))


def test_removing_asks_and_forgets_the_decisions(scim, compare):
    local()
    compare(("ada@example.com",))
    configurer = person(CONFIGURER)
    decide(configurer, scim, "link", scope="all", yes="1")
    assert "Remove the people" in text(configurer, page("_remove", scim))
    assert Connection.objects.get().has_decisions
    configurer.post(page("_remove", scim))
    assert not Candidate.objects.exists()
    assert not Connection.objects.get().has_decisions


def test_it_is_exported_with_formulas_defused(scim, compare, monkeypatch):
    monkeypatch.setattr("scim_provisioning.admin.candidates.BATCH", 1)
    local()
    compare(("ada@example.com", "=1+1"), ("new@example.com",), ("",))
    answer = person(OPERATOR).get(page("_export", scim), {"match": ""})
    lines = b"".join(answer).decode().splitlines()
    assert lines[0].startswith("line,userName,email,externalId,match,account,privileged")
    assert lines[1] == "2,ada@example.com,'=1+1,,user_name,ada@example.com,False,open,,"
    assert "nameless" in lines[3]
    filtered = person(OPERATOR).get(page("_export", scim), {"match": "new"})
    assert len(b"".join(filtered).decode().splitlines()) == 2


def test_who_may_see_and_who_may_decide(scim, ambiguous):
    for name in ("", "_refused", "_go_on", "_export"):
        assert statuses(page(name, scim))[:2] == [403, 403], name
    assert statuses(page("", scim)) == [403, 403, 200, 200]
    assert statuses(page("_export", scim)) == [403, 403, 200, 200]
    assert statuses(page("_choose", scim, ambiguous.pk)) == [403, 403, 200, 200]
    assert statuses(page("_choose", scim, ambiguous.pk), "post") == [403, 403, 403, 302]
    assert statuses(page("_decide", scim), "post") == [403, 403, 403, 302]
    assert statuses(page("_remove", scim)) == [403, 403, 403, 200]
    shown = [text(person(level), page("", scim)) for level in (OPERATOR, CONFIGURER)]
    assert ["Keep separate…" in one for one in shown] == [False, True]


def test_a_person_of_another_connection_is_not_found(scim, other, ambiguous):
    assert person(CONFIGURER).get(page("_choose", other, ambiguous.pk)).status_code == 404


def test_it_is_offered_until_the_first_user_came(scim):
    operator, key = person(OPERATOR), scim.connection.pk
    ways = [url("set_up", key), url("guide", key, "okta-basic")]
    assert all("Are there accounts already?" in text(operator, way) for way in ways)
    assert page("", scim) in text(operator, url("change", key))
    scim.user()
    assert not any("Are there accounts already?" in text(operator, way) for way in ways)
    assert "Are there accounts already?" not in text(person(1), ways[0])


def test_the_connections_page_tells_how_many_are_to_be_decided(scim, compare):
    local()
    compare(("ada@example.com",))
    assert "1 person to be decided" in text(person(OPERATOR), url("change", scim.connection.pk))
