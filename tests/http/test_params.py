"""Query parameters: numbers in their bounds, nothing asked twice, unknown ones left alone."""

from __future__ import annotations

import pytest

from tests.scim_client import SEARCH

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(scim):
    """A client of a directory of three users."""
    for number in range(3):
        scim.user(f"u{number}@example.com", title=f"T{number}")
    return scim


def numbers(answer):
    assert answer.status == 200, answer.body
    return tuple(answer.body[key] for key in ("totalResults", "startIndex", "itemsPerPage"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (3, 1, 3)),
        ("startIndex=0", (3, 1, 3)),
        ("startIndex=-5", (3, 1, 3)),
        ("startIndex=3", (3, 3, 1)),
        ("startIndex=9", (3, 9, 0)),
        ("count=2", (3, 1, 2)),
        ("count=0", (3, 1, 0)),
        ("count=-1", (3, 1, 0)),
        ("count=999999999999", (3, 1, 3)),
        ("count=&startIndex=", (3, 1, 3)),
        ("count=%2B2", (3, 1, 2)),
        ("startIndex=2&count=1", (3, 2, 1)),
        ("sortOrder=", (3, 1, 3)),
        ("nosuch=1&nosuch=2", (3, 1, 3)),
    ],
)
def test_pages_of_a_url(three, query, expected):
    assert numbers(three.get(f"/Users?{query}")) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [({"startIndex": -1, "count": 2}, (3, 1, 2)), ({"count": -1}, (3, 1, 0))],
    ids=str,
)
def test_pages_of_a_message(three, message, expected):
    assert numbers(three.post("/Users/.search", {"schemas": [SEARCH], **message})) == expected


def test_a_page_is_no_larger_than_the_setting(three, settings):
    settings.SCIM_PROVISIONING = {"MAX_PAGE_SIZE": 2, "DEFAULT_PAGE_SIZE": 1}
    assert numbers(three.get("/Users?count=3")) == (3, 1, 2)
    assert numbers(three.get("/Users")) == (3, 1, 1)


@pytest.mark.parametrize(
    "query",
    [
        "count=x",
        "count=1.0",
        "count=1_0",
        "count=0x1",
        "startIndex=1e1",
        f"startIndex={'9' * 5000}",
        "sortOrder=up",
        "count=1&count=2",
        "startIndex=1&startIndex=2",
        "filter=title+pr&filter=title+eq+%22T1%22",
        "sortBy=title&sortBy=userName",
        "attributes=title&excludedAttributes=title",
    ],
    ids=lambda text: text[:40],
)
def test_what_is_not_one_question_is_an_invalid_value(three, query):
    answer = three.get(f"/Users?{query}")
    assert (answer.status, answer.scim_type) == (400, "invalidValue")


def test_the_same_value_twice_is_one_question(three):
    assert numbers(three.get("/Users?count=2&count=2")) == (3, 1, 2)


def test_lists_of_attributes_may_come_in_parts(three):
    found = three.get("/Users?attributes=title&attributes=userName").body["Resources"][0]
    assert set(found) == {"schemas", "id", "title", "userName"}


def test_a_method_in_a_parameter_or_header_is_never_taken(three):
    user = three.user()
    for headers in ({"x_http_method": "DELETE"}, {"x_method_override": "DELETE"}):
        three.get(f"/Users/{user['id']}?_method=DELETE", **headers)
    assert three.get(f"/Users/{user['id']}").status == 200


def test_credentials_in_the_url_are_none(scim):
    answer = scim.get(f"/Users?access_token={scim.token}", authorization=None)
    assert answer.status == 401
