"""Provisioning events: found by who, what and when, read before and after, paged, exported."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from scim_provisioning.admin import keyset
from scim_provisioning.admin.exports import defused
from scim_provisioning.models import ProvisioningEvent
from tests.admin.people import staff
from tests.scim_client import USER

pytestmark = pytest.mark.django_db
LIST = "/admin/scim_provisioning/provisioningevent/"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def make(**fields):
    given = {"method": "PATCH", "path": "/Users", "status": 200, "resource_type": "User"}
    return ProvisioningEvent.objects.create(**{**given, **fields})


def listed(client, query=""):
    """The list as the page has it, with its page and the neighbours' addresses."""
    answer = client.get(LIST + query)
    assert answer.status_code == 200, query
    return answer.context_data["cl"]


def names(client, query=""):
    return [row.resource_name for row in listed(client, query).result_list]


@pytest.fixture
def story(scim, other, admin_client):
    """Events of two connections about a user, a group and somebody who was refused."""
    user = scim.user("Ada@example.com")
    scim.group("Ops", [user["id"]])
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": "Lead"})
    other.post("/Users", {"schemas": [USER], "userName": "ada@example.com"})
    other.user("bob@example.com")
    return user


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?outcome=accepted", 4),
        ("?outcome=refused", 1),
        ("?method=PATCH", 1),
        ("?resource_type=Group", 1),
        ("?since=hour", 5),
        ("?person=ADA@example.com", 3),
        ("?group=ops", 1),
        ("?q=ada", 3),
        ("?q=ops", 1),
        ("?q=lead", 0),
        ("?person=nobody", 0),
        ("?person=%20", 5),
        ("?person=ops", 0),
        ("?outcome=refused&person=ada@example.com&method=POST&since=day", 1),
    ],
)
def test_events_are_found_by_filters_and_search(story, admin_client, query, found):
    assert len(names(admin_client, query)) == found


def test_a_renamed_user_keeps_what_happened_before(scim, story, admin_client):
    change = {"op": "replace", "path": "userName", "value": "countess@example.com"}
    scim.patch(f"/Users/{story['id']}", change)
    for text in ("countess@example.com", story["id"], story["id"].upper()):
        assert len(names(admin_client, f"?person={text}&outcome=accepted")) == 3


def test_events_of_one_connection(other, story, admin_client):
    assert len(names(admin_client, f"?connection__id__exact={other.connection.pk}")) == 2


def test_a_range_of_days_includes_both(admin_client):
    for day in range(1, 5):
        make(time=NOON + timedelta(days=day), resource_name=str(day))
    assert names(admin_client, "?from_day=2026-03-12&to_day=2026-03-13") == ["3", "2"]
    assert names(admin_client, "?to_day=2026-03-11") == ["1"]


@pytest.mark.parametrize(
    "query",
    [
        "?from_day=yesterday",
        "?to_day=2026-02-30",
        "?outcome=both",
        "?since=ever",
        "?method=GET",
        "?resource_type=Robot",
        f"?person={'x' * 300}",
        "?q=%25",
        "?person=%00",
        "?q=%00",
        "?q=ada%00",
    ],
)
def test_what_is_not_understood_finds_nothing(story, admin_client, query):
    assert names(admin_client, query) == []


@pytest.mark.parametrize("query", ["?from_day=yesterday", f"?group={'x' * 300}"])
def test_a_filter_says_what_it_did_not_understand(admin_client, query):
    assert "errorlist" in admin_client.get(LIST + query).content.decode()


def test_a_search_says_at_its_field_what_it_cannot_look_for(story, admin_client):
    page = admin_client.get(f"{LIST}?q=ada%00").content.decode()
    assert 'aria-invalid="true" aria-describedby="searchbar_error searchbar_helptext"' in page
    assert page.count("Null characters are not allowed.") == 1
    assert "searchbar_error" not in admin_client.get(f"{LIST}?q=ada").content.decode()


@pytest.mark.parametrize("place", ["x", "1", "1.", ".1", "-1.1", "9" * 30 + ".1", "²." + "1"])
def test_a_place_that_is_none_is_the_first_page(story, admin_client, place):
    assert len(names(admin_client, f"?before={place}")) == 5


@pytest.fixture
def many(admin_client):
    """120 events, many of the same moment."""
    rows = [
        ProvisioningEvent(
            time=NOON + timedelta(seconds=number // 40),
            method="POST" if number % 2 else "PUT",
            path="/Users",
            status=201,
            resource_type="User",
            resource_name=f"u{number}",
            resource_key=f"u{number}",
        )
        for number in range(120)
    ]
    ProvisioningEvent.objects.bulk_create(rows)
    return [f"u{number}" for number in reversed(range(120))]


def walked(client, query, direction):
    """All names from a page on, a page after the other."""
    found, steps = [], 0
    while query is not None:
        page = listed(client, query)
        found.append([row.resource_name for row in page.result_list])
        query, steps = getattr(page, f"{direction}_url"), steps + 1
        assert steps < 20
    return found


def test_pages_hold_each_event_once_in_order(many, admin_client):
    pages = walked(admin_client, "", "older")
    assert [name for page in pages for name in page] == many
    assert list(map(len, pages)) == [50, 50, 20]


def test_pages_lead_back(many, admin_client):
    last = listed(admin_client, listed(admin_client, listed(admin_client).older_url).older_url)
    back = walked(admin_client, last.newer_url, "newer")
    assert back[0] == many[50:100]
    assert back[-1] == many[:50]
    assert names(admin_client, last.newest_url) == many[:50]


def test_a_page_stays_what_it_is_while_events_arrive(many, admin_client):
    second = listed(admin_client).older_url
    make(resource_name="new")
    assert names(admin_client, second) == many[50:100]


def test_a_filter_without_index_looks_through_a_bounded_number(many, admin_client, monkeypatch):
    monkeypatch.setattr(keyset, "WINDOW", 30)
    first = listed(admin_client, "?method=POST")
    assert [row.resource_name for row in first.result_list] == many[:30:2]
    assert first.page.looked_to == NOON + timedelta(seconds=2)
    pages = walked(admin_client, "?method=POST", "older")
    assert [name for page in pages for name in page] == many[::2]


def test_the_way_back_is_bounded_as_well(many, admin_client, monkeypatch):
    monkeypatch.setattr(keyset, "WINDOW", 30)
    oldest = ProvisioningEvent.objects.order_by("time", "id").first()
    start = f"?method=POST&after={keyset.place_of(oldest)}"
    pages = walked(admin_client, start, "newer")
    found = {name for page in pages for name in page}
    assert found == set(many[::2])


def test_the_last_page_found_empty_says_how_far_was_looked(many, admin_client, monkeypatch):
    monkeypatch.setattr(keyset, "WINDOW", 30)
    page = admin_client.get(f"{LIST}?method=DELETE")
    assert "None found back to" in page.content.decode()
    assert walked(admin_client, "?method=DELETE", "older")[-1] == []


@pytest.mark.parametrize("query", ["", "?method=POST", "?outcome=refused", "?q=u1", "?person=u1"])
def test_nothing_is_counted_nor_skipped_and_the_cost_is_constant(many, admin_client, query):
    statements(admin_client, query)
    asked = statements(admin_client, query)
    assert len(asked) <= 9
    ledger = [sql for sql in asked if "provisioningevent" in sql]
    assert not [sql for sql in ledger if "COUNT(" in sql or "DISTINCT" in sql]
    assert all("LIMIT" in sql for sql in ledger)


def statements(client, query):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(LIST + query).status_code == 200
    return [found["sql"] for found in queries]


def test_an_empty_ledger_says_so(admin_client):
    assert "Nothing has happened yet" in admin_client.get(LIST).content.decode()
    assert "No event is like that" in admin_client.get(f"{LIST}?q=x").content.decode()


def opened(client, event):
    url = reverse("admin:scim_provisioning_provisioningevent_change", args=[event.pk])
    return re.sub(r"\s*(</?t[dh])", r"\1", client.get(url).content.decode())


def test_changes_are_a_table_of_before_and_after(admin_client):
    entry = {"type": "work", "value": "<b>x</b>"}
    changes = {"title": [None, "Lead"], "active": [True, False], "emails": [[], [entry, entry]]}
    shown = opened(admin_client, make(changes=changes, notes=["<i>tolerated</i>"]))
    assert '<th scope="row">title</th>' in shown
    assert "<td>true</td><td>false</td>" in shown
    assert "<li>type: work, value: &lt;b&gt;x&lt;/b&gt;</li>" in shown
    assert '<span class="visually-hidden">none</span>' in shown
    assert "<li>&lt;i&gt;tolerated&lt;/i&gt;</li>" in shown


def test_members_are_named_while_they_are_there(scim, admin_client):
    ada, gone = scim.user("ada@example.com")["id"], str(uuid4())
    shown = opened(admin_client, make(changes={"members": {"added": [ada, gone]}}))
    assert "2 members added" in shown
    assert "<li>ada@example.com</li>" in shown
    assert f"<li>{gone}</li>" in shown


def test_long_lists_of_members_tell_how_many_there_are(admin_client):
    ids = [f"id{number}" for number in range(150)]
    event = make(changes={"members": {"added": [*ids, "and 500 more"], "removed": ["x"]}})
    shown = opened(admin_client, event)
    assert "650 members added" in shown
    assert "and 550 more" in shown
    assert "650 added, 1 removed" in admin_client.get(LIST).content.decode()


def test_an_event_that_changed_nothing_says_so(admin_client):
    assert "Nothing changed." in opened(admin_client, make())
    assert "nothing changed" in admin_client.get(LIST).content.decode()


def test_the_list_says_what_changed_and_why_not(admin_client):
    make(changes={f"a{number}": [1, 2] for number in range(9)})
    make(status=409, scim_type="uniqueness", detail="That name is taken.")
    shown = admin_client.get(LIST).content.decode()
    assert "a0, a1, a2, a3, a4, a5, 3 more" in shown
    assert "Refused (409 uniqueness)" in shown
    assert "That name is taken." in shown


def test_each_event_leads_to_all_of_its_resource(story, admin_client):
    shown = admin_client.get(f"{LIST}?resource_type=User").content.decode()
    ways = re.findall(rf'href="{LIST}(\?person=[^"]+)"', shown)
    assert names(admin_client, f"?person={story['id']}")
    assert f"?person={story['id']}" in ways


def exported(client, format, query=""):
    answer = client.get(f"{LIST}export.{format}{query}")
    assert answer.status_code == 200
    assert answer.streaming
    assert "attachment" in answer["Content-Disposition"]
    return b"".join(answer.streaming_content).decode()


def test_the_export_has_what_the_list_is_filtered_to(many, admin_client, monkeypatch):
    monkeypatch.setattr(keyset, "BATCH", 7)
    rows = list(csv.DictReader(io.StringIO(exported(admin_client, "csv", "?method=POST"))))
    assert [row["resource_name"] for row in rows] == many[::2]
    objects = json.loads(exported(admin_client, "json"))
    assert [row["resource_name"] for row in objects] == many


def test_the_export_keeps_changes_ids_and_times(scim, admin_client):
    user = scim.user("ada@example.com")
    [row] = json.loads(exported(admin_client, "json"))
    assert row["resource_id"] == user["id"]
    assert row["connection"] == "idp"
    assert row["changes"]["userName"] == [None, "ada@example.com"]
    assert datetime.fromisoformat(row["time"]) <= timezone.now()
    [row] = csv.DictReader(io.StringIO(exported(admin_client, "csv")))
    assert json.loads(row["changes"])["userName"] == [None, "ada@example.com"]


def test_an_empty_export_is_still_one(admin_client):
    assert json.loads(exported(admin_client, "json")) == []
    assert exported(admin_client, "csv").startswith("time,connection,")


def test_an_export_is_filtered_or_refused_never_more(many, admin_client):
    assert admin_client.get(f"{LIST}export.csv?nonsense=1").status_code == 302
    assert admin_client.get(f"{LIST}export.csv?connection__name=x").status_code == 400
    assert admin_client.get(f"{LIST}export.xml", follow=True).redirect_chain
    assert admin_client.post(f"{LIST}export.csv").status_code == 405


def test_a_formula_arrives_as_text(scim, admin_client):
    scim.user("=1+1")
    assert ",'=1+1," in exported(admin_client, "csv")


@pytest.mark.parametrize("text", ["=x", "+x", "-x", "@x", "\tx", "\rx", "\nx"])
def test_cells_that_begin_a_formula_are_defused(text):
    assert defused(text) == f"'{text}"
    assert defused(None) == ""


@pytest.mark.parametrize(("codenames", "status"), [([], 403), (["view_provisioningevent"], 200)])
def test_events_are_for_those_who_may_see_them(scim, codenames, status):
    event = make()
    client = staff(*codenames)
    for page in ("", "export.csv", "export.json", f"{event.pk}/change/"):
        assert client.get(LIST + page).status_code == status
    assert Client().get(f"{LIST}export.csv").status_code == 302
