"""Pages by cursor (RFC 9865) over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import quote

import pytest
from django.core import signing
from django.utils import timezone

from scim_provisioning.credentials import rotate
from scim_provisioning.models import ScimUser
from tests.scim_client import SEARCH, USER

pytestmark = [pytest.mark.django_db, pytest.mark.any_user]

TITLES = ["b", "A", "c", None, "B", None, "a"]


@pytest.fixture
def people(scim):
    return [
        scim.user(f"u{i}@example.com", **({"title": title} if title else {}))
        for i, title in enumerate(TITLES)
    ]


def names(body):
    return [resource["userName"][:2] for resource in body.get("Resources", [])]


def page(scim, query, cursor="", path="/Users"):
    answer = scim.get(f"{path}?{query}&cursor={cursor}")
    assert answer.status == 200, answer.body
    return answer.body


def walk(scim, query, path="/Users", key="nextCursor", cursor=""):
    """Return the pages from a cursor on, in one direction."""
    pages = [page(scim, query, cursor, path)]
    while cursor := pages[-1].get(key):
        pages.append(page(scim, query, cursor, path))
        assert len(pages) < 50
    return pages


@pytest.mark.scim("C01", "C03", "C05", "C06")
@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 8])
def test_a_walk_returns_everybody_once_in_the_order_of_creation(scim, people, count):
    pages = walk(scim, f"count={count}")
    assert [n for p in pages for n in names(p)] == [f"u{i}" for i in range(7)]
    assert all(len(names(p)) == count for p in pages[:-1])
    assert all("nextCursor" in p for p in pages[:-1])
    assert "nextCursor" not in pages[-1]
    assert "previousCursor" not in pages[0]
    assert {p["totalResults"] for p in pages} == {7}


@pytest.mark.scim("C01")
def test_a_bare_cursor_begins_a_walk_and_none_pages_by_index(scim, people):
    begun = scim.get("/Users?cursor&count=2").body
    assert begun["nextCursor"]
    assert "startIndex" not in begun
    by_index = scim.get("/Users?count=2").body
    assert (by_index["startIndex"], by_index.get("nextCursor")) == (1, None)


@pytest.mark.scim("C02", "C20")
def test_a_cursor_is_opaque_and_needs_no_encoding(scim, people):
    cursor = page(scim, "count=2&sortBy=userName")["nextCursor"]
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", cursor)
    assert quote(cursor, safe="") == cursor


@pytest.mark.scim("C04", "C05")
@pytest.mark.parametrize("sort", ["", "sortBy=title&", "sortBy=title&sortOrder=descending&"])
def test_a_walk_goes_back_the_way_it_came(scim, people, sort):
    forward = walk(scim, f"{sort}count=2")
    back = walk(scim, f"{sort}count=2", key="previousCursor", cursor=forward[-1]["previousCursor"])
    assert [names(p) for p in back] == [names(p) for p in reversed(forward[:-1])]
    assert "previousCursor" not in back[-1]
    again = page(scim, f"{sort}count=2", back[0]["nextCursor"])
    assert names(again) == names(forward[-1])


SORTS = {
    "title": ["u1", "u6", "u0", "u4", "u2", "u3", "u5"],
    "userName": [f"u{i}" for i in range(7)],
    "meta.created": [f"u{i}" for i in range(7)],
    "meta.lastModified": [f"u{i}" for i in range(7)],
    "active": [f"u{i}" for i in range(7)],
    "meta.resourceType": [f"u{i}" for i in range(7)],
}


@pytest.mark.scim("C09", "A085")
@pytest.mark.parametrize(("attribute", "order"), SORTS.items())
@pytest.mark.parametrize("count", [1, 2, 5, 7])
def test_a_sorted_walk_puts_the_unassigned_last_and_backwards_first(
    scim, people, attribute, order, count
):
    pages = walk(scim, f"sortBy={attribute}&count={count}")
    assert [n for p in pages for n in names(p)] == order
    pages = walk(scim, f"sortBy={attribute}&sortOrder=descending&count={count}")
    assert [n for p in pages for n in names(p)] == order[::-1]


@pytest.mark.parametrize(
    "attribute", ["id", "externalId", "emails", "groups.display", "meta.version"]
)
def test_every_kind_of_sort_walks_as_it_pages(scim, attribute):
    for i in (3, 1, 2):
        scim.user(f"u{i}@example.com", externalId=f"e{i}", emails=[{"value": f"E{i}@x"}])
    scim.user("u4@example.com")
    whole = scim.get(f"/Users?sortBy={attribute}").body
    pages = walk(scim, f"sortBy={attribute}&count=1")
    assert [n for p in pages for n in names(p)] == names(whole)


@pytest.mark.scim("C06", "C22")
def test_no_count_asks_for_the_number_only(scim, people):
    for count in (0, -4):
        body = page(scim, f"count={count}")
        assert (body["totalResults"], body["itemsPerPage"]) == (7, 0)
        assert not {"nextCursor", "previousCursor"} & set(body)


def test_an_empty_walk_has_one_page(scim):
    body = page(scim, "count=2")
    assert (body["totalResults"], body["itemsPerPage"]) == (0, 0)
    assert not {"nextCursor", "previousCursor"} & set(body)
    assert body["Resources"] == []


@pytest.mark.scim("C13")
def test_a_search_message_walks_too(scim, people):
    message = {"schemas": [SEARCH], "filter": "title pr", "sortBy": "title", "count": 2}
    found, cursor = [], ""
    while cursor is not None:
        answer = scim.post("/Users/.search", {**message, "cursor": cursor})
        found += names(answer.body)
        cursor = answer.body.get("nextCursor")
    assert found == ["u1", "u6", "u0", "u4", "u2"]


def test_a_cursor_of_a_url_goes_on_in_a_message(scim, people):
    cursor = page(scim, "count=2&attributes=userName")["nextCursor"]
    message = {"schemas": [SEARCH], "count": 2, "attributes": ["userName"], "cursor": cursor}
    assert names(scim.post("/Users/.search", message).body) == ["u2", "u3"]


def test_an_index_beside_a_cursor_says_nothing(scim, people):
    body = page(scim, "count=2&startIndex=5")
    assert names(body) == ["u0", "u1"]
    assert "startIndex" not in body


@pytest.mark.scim("C08", "C19", "C22")
@pytest.mark.parametrize(
    "change",
    [
        "count=2&filter=title pr",
        "count=2&sortBy=userName",
        "count=2&sortBy=title&sortOrder=descending",
        "count=2&sortBy=title&attributes=userName",
        "count=2&sortBy=title&excludedAttributes=userName",
    ],
)
def test_a_cursor_of_another_query_is_invalid(scim, people, change):
    cursor = page(scim, "count=2&sortBy=title")["nextCursor"]
    answer = scim.get(f"/Users?{change}&cursor={cursor}")
    assert (answer.status, answer.scim_type) == (400, "invalidCursor")


def test_a_cursor_of_another_type_is_invalid(scim, people):
    cursor = page(scim, "count=2")["nextCursor"]
    for path in ("/Groups", "/"):
        assert scim.get(f"{path}?count=2&cursor={cursor}").scim_type == "invalidCursor"


@pytest.mark.scim("C08", "C22")
@pytest.mark.parametrize("count", ["count=3", "count=0", ""])
def test_count_does_not_change_during_a_walk(scim, people, count):
    cursor = page(scim, "count=2")["nextCursor"]
    answer = scim.get(f"/Users?{count}&cursor={cursor}")
    assert (answer.status, answer.scim_type) == (400, "invalidCount")


@pytest.mark.scim("C08")
def test_a_count_that_is_none_is_invalid(scim):
    assert scim.get("/Users?cursor&count=x").scim_type == "invalidCount"
    message = {"schemas": [SEARCH], "cursor": "", "count": "x"}
    assert scim.post("/Users/.search", message).scim_type == "invalidCount"


@pytest.mark.scim("C08")
@pytest.mark.parametrize(
    ("query", "wrong"),
    [("cursor&cursor=x", "invalidCursor"), ("cursor&count=1&count=2", "invalidCount")],
)
def test_what_is_given_twice_is_invalid(scim, query, wrong):
    assert scim.get(f"/Users?{query}").scim_type == wrong


@pytest.mark.scim("C15", "C19")
def test_the_cursor_of_another_connection_is_as_invalid_as_a_forged_one(scim, other, people):
    cursor = page(scim, "count=2")["nextCursor"]
    foreign = other.get(f"/Users?count=2&cursor={cursor}")
    forged = scim.get(f"/Users?count=2&cursor={cursor[::-1]}")
    missing = scim.get("/Users?count=2&cursor=nothing")
    assert foreign.status == 400
    assert foreign.scim_type == "invalidCursor"
    assert foreign.body == forged.body == missing.body


HOSTILE = {
    "NUL": "%00",
    "half a pair": "%ED%A0%80",
    "no ASCII": "%C3%A9~%C3%A9",
    "signs only": "~~~",
    "dots": "." * 50,
    "quotes": "%27%22%3B--",
    "as indexed": "2",
    "long": "A" * 7000,
}


@pytest.mark.scim("C08", "C18")
@pytest.mark.parametrize("cursor", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_cursor_is_invalid(scim, cursor):
    answer = scim.get(f"/Users?cursor={cursor}")
    assert (answer.status, answer.scim_type) == (400, "invalidCursor")


@pytest.mark.scim("C08", "C18")
@pytest.mark.parametrize(
    "cursor", ["\0", "\ud800", "a~b~c", "x" * 1_000_000, 5, True, [], {}, ["a"]], ids=repr
)
def test_a_hostile_cursor_in_a_message_is_invalid(scim, cursor):
    answer = scim.post("/Users/.search", {"schemas": [SEARCH], "cursor": cursor})
    assert (answer.status, answer.scim_type) == (400, "invalidCursor")


@pytest.mark.scim("C18")
def test_each_changed_character_is_found_out(scim, people):
    cursor = page(scim, "count=2")["nextCursor"]
    for at in range(0, len(cursor), 7):
        changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        assert scim.get(f"/Users?count=2&cursor={changed}").scim_type == "invalidCursor"


def test_what_else_the_site_signs_is_no_cursor(scim):
    for text in (signing.dumps([2, 7, False, None]), signing.TimestampSigner(sep="~").sign("x")):
        assert scim.get(f"/Users?count=2&cursor={text.replace(':', '~')}").status == 400


@pytest.mark.scim("C08")
def test_a_cursor_expires(scim, people, settings):
    cursor = page(scim, "count=2")["nextCursor"]
    settings.SCIM_PROVISIONING = {"CURSOR_TIMEOUT": 60}
    assert scim.get("/ServiceProviderConfig").body["pagination"]["cursorTimeout"] == 60
    assert page(scim, "count=2", cursor)
    late = timezone.now() + timedelta(seconds=61)
    with patch("django.core.signing.time.time", return_value=late.timestamp()):
        answer = scim.get(f"/Users?count=2&cursor={cursor}")
    assert (answer.status, answer.scim_type) == (400, "expiredCursor")


@pytest.mark.scim("C15", "C16", "C17")
def test_every_page_is_authorised_anew(scim, people, settings):
    cursor = page(scim, "count=2")["nextCursor"]
    ScimUser.objects.filter(pk=people[2]["id"]).update(listed=False)
    assert names(page(scim, "count=2", cursor)) == ["u3", "u4"]
    scim.connection.shows_protected = True
    scim.connection.save()
    assert scim.get(f"/Users?count=2&cursor={cursor}").scim_type == "invalidCursor"
    scim.connection.shows_protected = False
    scim.connection.save()
    assert scim.get(f"/Users?count=2&cursor={cursor}", authorization="Bearer x").status == 401


@pytest.mark.scim("C11", "C12", "C14")
def test_the_configuration_tells_how_pages_are_asked_for(scim, settings):
    settings.SCIM_PROVISIONING = {"DEFAULT_PAGE_SIZE": 5, "MAX_PAGE_SIZE": 50}
    assert scim.get("/ServiceProviderConfig").body["pagination"] == {
        "cursor": True, "index": True, "defaultPaginationMethod": "index",
        "defaultPageSize": 5, "maxPageSize": 50, "cursorTimeout": 3600,
    }  # fmt: skip


def test_a_page_behind_the_last_that_went_is_empty(scim, people):
    cursor = page(scim, "count=5")["nextCursor"]
    for user in people[5:]:
        scim.delete(f"/Users/{user['id']}")
    body = page(scim, "count=5", cursor)
    assert (body["itemsPerPage"], "nextCursor" in body) == (0, False)


def test_before_a_page_whose_predecessors_went_there_is_the_beginning(scim, people):
    second = page(scim, "count=2", page(scim, "count=2")["nextCursor"])
    for user in people[:2]:
        scim.delete(f"/Users/{user['id']}")
    body = page(scim, "count=2", second["previousCursor"])
    assert (names(body), "previousCursor" in body) == ([], False)
    assert names(page(scim, "count=2", body["nextCursor"])) == ["u2", "u3"]


def test_long_values_do_not_make_long_cursors(scim):
    for i in range(4):
        scim.user(f"u{i}@example.com", title=f"{'é' * 5000}{3 - i}")
    pages = walk(scim, "sortBy=title&count=1")
    assert sorted(n for p in pages for n in names(p)) == ["u0", "u1", "u2", "u3"]
    assert max(len(p.get("nextCursor", "")) for p in pages) < 2000


def test_a_new_credential_of_the_connection_goes_on(scim, people):
    cursor = page(scim, "count=2")["nextCursor"]
    scim.token = rotate(scim.connection).secret
    assert names(page(scim, "count=2", cursor)) == ["u2", "u3"]


def test_moments_of_one_import_are_told_apart(scim, people):
    ScimUser.objects.update(created=timezone.now())
    pages = walk(scim, "count=2")
    assert sorted(n for p in pages for n in names(p)) == [f"u{i}" for i in range(7)]


def test_writes_do_not_know_cursors(scim):
    answer = scim.post("/Users?cursor=x&count=y", {"schemas": [USER], "userName": "a@example.com"})
    assert answer.status == 201
