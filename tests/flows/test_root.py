"""Queries of all resource types at once (RFC 7644 section 3.4.2.1)."""

from __future__ import annotations

import pytest

from tests.scim_client import ENTERPRISE, GROUP, SEARCH, USER
from tests.scim_fixtures import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything(scim):
    """Three users and two groups, made in turns."""
    users = [scim.user("u0@example.com", displayName="bob", externalId="x0")]
    groups = [scim.group("Ann", [users[0]["id"]])]
    users.append(scim.user("u1@example.com", displayName="Zoe", title="Boss"))
    groups.append(scim.group("carl"))
    users.append(scim.user("u2@example.com", **{ENTERPRISE: {"department": "R&D"}}))
    return users, groups


def label(resource):
    return resource.get("userName", resource.get("displayName", ""))[:2].lower()


def labels(body):
    return [label(resource) for resource in body.get("Resources", [])]


ORDER = ["u0", "an", "u1", "ca", "u2"]


@pytest.mark.scim("A054", "A055", "A090")
def test_everything_comes_in_the_order_of_creation(scim, everything):
    body = scim.get("/").body
    assert (labels(body), body["totalResults"]) == (ORDER, 5)
    users, groups = everything
    assert body["Resources"][0] == scim.get(f"/Users/{users[0]['id']}").body
    assert body["Resources"][1] == scim.get(f"/Groups/{groups[0]['id']}").body


FILTERS = {
    'meta.resourceType eq "User"': ["u0", "u1", "u2"],
    'meta.resourceType eq "Group"': ["an", "ca"],
    'meta.resourceType eq "User" or meta.resourceType eq "Group"': ORDER,
    'meta.resourceType eq "user"': [],
    'meta.resourceType ne "User" and displayName pr': ["an", "ca"],
    "userName pr": ["u0", "u1", "u2"],
    "not (userName pr)": ["an", "ca"],
    "title pr": ["u1"],
    'title ne "Boss"': ["u0", "an", "ca", "u2"],
    'not (title eq "Boss")': ["u0", "an", "ca", "u2"],
    "title eq null": ["u0", "an", "ca", "u2"],
    "title ne null": ["u1"],
    'title gt "a" or title lt "a"': ["u1"],
    'displayName co "a"': ["an", "ca"],
    "members pr": ["an"],
    "groups pr": ["u0"],
    'members[type eq "User"]': ["an"],
    'not (members[type eq "User"])': ["u0", "u1", "ca", "u2"],
    'userName sw "u1" or displayName eq "ANN"': ["an", "u1"],
    f'{USER}:userName sw "u"': ["u0", "u1", "u2"],
    f'{GROUP}:displayName eq "carl"': ["ca"],
    f'{ENTERPRISE}:department eq "r&d"': ["u2"],
    'externalId eq "x0"': ["u0"],
    f'schemas eq "{GROUP}"': ["an", "ca"],
    f'schemas eq "{USER}"': ["u0", "u1", "u2"],
    f'schemas eq "{ENTERPRISE}"': ["u2"],
}


@pytest.mark.scim("A056", "A058", "A078")
@pytest.mark.parametrize(("text", "found"), FILTERS.items())
def test_what_a_type_lacks_has_no_value_there(scim, everything, text, found):
    answer = scim.search("", text)
    assert answer.status == 200, answer.body
    assert (labels(answer.body), answer.body["totalResults"]) == (found, len(found))


@pytest.mark.parametrize(
    "text",
    [
        "nosuch pr",
        'name.nosuch eq "x"',
        'members[nosuch eq "x"]',
        "userName eq 5",
        "name[formatted pr]",
    ],
)
def test_what_all_types_lack_is_an_error(scim, everything, text):
    answer = scim.search("", text)
    assert (answer.status, answer.scim_type) == (400, "invalidFilter")


SORTS = {
    "displayName": ["an", "u0", "ca", "u1", "u2"],
    "userName": ["u0", "u1", "u2", "an", "ca"],
    "title": ["u1", "u0", "an", "ca", "u2"],
    "meta.resourceType": ["an", "ca", "u0", "u1", "u2"],
    "meta.created": ORDER,
    "active": ["u0", "u1", "u2", "an", "ca"],
    "members.display": ["an", "u0", "u1", "ca", "u2"],
    "externalId": ["u0", "an", "u1", "ca", "u2"],
}


@pytest.mark.scim("A083", "A085")
@pytest.mark.parametrize(("attribute", "order"), SORTS.items())
def test_types_are_sorted_together_by_index_and_by_cursor(scim, everything, attribute, order):
    for way, wanted in (("ascending", order), ("descending", order[::-1])):
        query = f"sortBy={attribute}&sortOrder={way}"
        assert labels(scim.get(f"/?{query}").body) == wanted
        pages = [scim.get(f"/?{query}&startIndex={i}&count=2").body for i in (1, 3, 5)]
        assert [name for page in pages for name in labels(page)] == wanted
        found, cursor = [], ""
        while cursor is not None:
            page = scim.get(f"/?{query}&count=2&cursor={cursor}").body
            found += labels(page)
            cursor = page.get("nextCursor")
        assert found == wanted


def test_sorting_by_what_all_types_lack_is_an_error(scim, everything):
    assert scim.get("/?sortBy=nosuch").scim_type == "invalidPath"


def test_ids_are_sorted_across_types(scim, everything):
    found = [resource["id"] for resource in scim.get("/?sortBy=id").body["Resources"]]
    assert found == sorted(found)


@pytest.mark.scim("A098", "A099", "A100")
def test_a_message_asks_the_same(scim, everything):
    message = {
        "schemas": [SEARCH], "filter": "displayName pr", "attributes": ["displayName", "members"],
        "sortBy": "displayName", "startIndex": 2, "count": 2,
    }  # fmt: skip
    answer = scim.post("/.search", message)
    assert (answer.status, answer.body["totalResults"]) == (200, 4)
    assert [r["displayName"] for r in answer.body["Resources"]] == ["bob", "carl"]
    assert set(answer.body["Resources"][0]) == {"schemas", "id", "displayName"}


def test_strict_takes_a_name_that_one_type_knows(strict):
    strict.user()
    assert strict.get("/?attributes=userName,members").status == 200
    assert strict.get("/?attributes=userName,nosuch").status == 400


def test_a_page_of_no_length_counts(scim, everything):
    body = scim.get("/?count=0").body
    assert (body["totalResults"], body["itemsPerPage"]) == (5, 0)
    assert scim.get("/?startIndex=9").body["totalResults"] == 5


@pytest.mark.scim("A057")
@pytest.mark.parametrize("query", ["", "?cursor&count=2", "?startIndex=2&count=1", "?count=0"])
def test_a_site_may_refuse_too_many(scim, everything, settings, query):
    settings.SCIM_PROVISIONING = {"MAX_ROOT_RESULTS": 4}
    answer = scim.get(f"/{query}")
    assert (answer.status, answer.scim_type) == (400, "tooMany")
    assert scim.search("", "userName pr").status == 200
    assert scim.get("/Users").status == 200


def test_the_root_is_only_read(scim):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert scim.send(method, "/", {"schemas": [USER]}).status == 405
    assert scim.get("/.search").status == 405


def test_protected_resources_stay_hidden(scim, everything):
    found = scim.get('/?filter=userName co "idp"').body
    assert found["totalResults"] == 0
    assert make_client("more").get("/").body["totalResults"] == 5
