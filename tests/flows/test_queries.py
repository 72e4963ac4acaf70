"""Lists, pages, sorts, projections and versions over HTTP (RFC 7644 section 3.4.2, 3.9, 3.14)."""

from __future__ import annotations

import pytest

from tests.scim_client import ENTERPRISE, SEARCH, USER

pytestmark = pytest.mark.django_db

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@pytest.fixture
def people(scim):
    titles = ["b", "A", "c", None, "B"]
    return [
        scim.user(f"u{i}@example.com", **({"title": title} if title else {}))
        for i, title in enumerate(titles)
    ]


def names(answer):
    return [resource["userName"][:2] for resource in answer.body.get("Resources", [])]


@pytest.mark.scim("A053", "A049")
def test_no_match_is_an_empty_list(scim):
    body = scim.get('/Users?filter=userName eq "nobody"').body
    numbers = {"totalResults": 0, "startIndex": 1, "itemsPerPage": 0}
    assert body == {"schemas": [LIST], **numbers, "Resources": []}


def test_pages_hold_every_user_once_in_the_order_of_creation(scim, people):
    pages = [scim.get(f"/Users?startIndex={start}&count=2") for start in (1, 3, 5)]
    assert [name for page in pages for name in names(page)] == ["u0", "u1", "u2", "u3", "u4"]
    assert {page.body["totalResults"] for page in pages} == {5}
    assert [page.body["startIndex"] for page in pages] == [1, 3, 5]
    assert [page.body["itemsPerPage"] for page in pages] == [2, 2, 1]


@pytest.mark.parametrize(
    ("query", "count", "total"),
    [
        ("count=0", 0, 5),
        ("count=-3", 0, 5),
        ("startIndex=0&count=1", 1, 5),
        ("startIndex=99", 0, 5),
    ],
)
def test_bounds_of_pages(scim, people, query, count, total):
    body = scim.get(f"/Users?{query}").body
    assert (body["itemsPerPage"], body["totalResults"]) == (count, total)


def test_a_page_has_a_limit(scim, people, settings):
    settings.SCIM_PROVISIONING = {"MAX_PAGE_SIZE": 3, "DEFAULT_PAGE_SIZE": 2}
    assert scim.get("/Users?count=1000").body["itemsPerPage"] == 3
    assert scim.get("/Users").body["itemsPerPage"] == 2
    assert scim.get("/ServiceProviderConfig").body["filter"]["maxResults"] == 3


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("sortBy=title", ["u1", "u0", "u4", "u2", "u3"]),
        ("sortBy=TITLE&sortOrder=descending", ["u3", "u2", "u4", "u0", "u1"]),
        ("sortBy=userName&sortOrder=Descending", ["u4", "u3", "u2", "u1", "u0"]),
        ("sortBy=meta.created", ["u0", "u1", "u2", "u3", "u4"]),
    ],
)
def test_sorting_ignores_case_and_puts_the_unassigned_last(scim, people, query, order):
    assert names(scim.get(f"/Users?{query}")) == order


def test_sorting_by_many_values_takes_the_primary(scim):
    scim.user("u1@example.com", emails=[{"value": "a@x"}, {"value": "z@x", "primary": True}])
    scim.user("u2@example.com", emails=[{"value": "m@x"}])
    assert names(scim.get("/Users?sortBy=emails.value")) == ["u2", "u1"]
    assert names(scim.get("/Users?sortBy=emails&sortOrder=descending")) == ["u1", "u2"]


def test_sorting_pages_deep(scim, people):
    assert names(scim.get("/Users?sortBy=title&startIndex=3&count=2")) == ["u4", "u2"]


def test_a_search_message_asks_like_a_url(scim, people):
    body = {
        "schemas": [SEARCH], "filter": 'title co "b"', "sortBy": "userName",
        "sortOrder": "descending", "startIndex": 1, "count": 1, "attributes": ["userName"],
    }  # fmt: skip
    answer = scim.post("/Users/.search", body)
    assert (answer.status, answer.body["totalResults"], names(answer)) == (200, 2, ["u4"])
    assert set(answer.body["Resources"][0]) == {"schemas", "id", "userName"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"schemas": [USER]},
        {"schemas": [SEARCH], "count": "x"},
        {"schemas": [SEARCH], "filter": 5},
    ],
)
def test_other_messages_are_no_search(scim, body):
    assert scim.post("/Users/.search", body).status == 400


PROJECTIONS = {
    "attributes=userName": {"schemas", "id", "userName"},
    "attributes=USERNAME,name.familyName": {"schemas", "id", "userName", "name"},
    f"attributes={USER}:userName": {"schemas", "id", "userName"},
    f"attributes={ENTERPRISE}": {"schemas", "id", ENTERPRISE},
    f"attributes={ENTERPRISE}:department": {"schemas", "id", ENTERPRISE},
    "attributes=emails.value,meta.version": {"schemas", "id", "emails", "meta"},
    "attributes=nosuch": {"schemas", "id"},
    "attributes=password,id": {"schemas", "id"},
    "excludedAttributes=emails,name,meta": {"schemas", "id", "userName", "active", ENTERPRISE},
    f"excludedAttributes={ENTERPRISE},id,schemas": {
        "schemas", "id", "userName", "active", "emails", "name", "meta",
    },
}  # fmt: skip


@pytest.fixture
def ada(scim):
    return scim.user(
        name={"givenName": "Ada", "familyName": "Rowe"},
        emails=[{"value": "a@x", "type": "work"}],
        **{ENTERPRISE: {"department": "R&D", "manager": {"value": "m"}}},
    )


@pytest.mark.parametrize(("query", "keys"), PROJECTIONS.items())
def test_projections(scim, ada, query, keys):
    assert set(scim.get(f"/Users/{ada['id']}?{query}").body) == keys
    assert set(scim.get(f"/Users?{query}").body["Resources"][0]) == keys
    change = {"op": "replace", "path": "active", "value": True}
    assert set(scim.patch(f"/Users/{ada['id']}?{query}", change).body) == keys


def test_projections_go_into_sub_attributes(scim, ada):
    read = scim.get(f"/Users/{ada['id']}?attributes=name.familyName,emails.type").body
    assert read["name"] == {"familyName": "Rowe"}
    assert read["emails"] == [{"type": "work"}]
    read = scim.get(f"/Users/{ada['id']}?excludedAttributes=name.familyName").body
    assert read["name"] == {"givenName": "Ada"}


def test_references_come_on_request(scim, ada):
    assert "$ref" not in ada[ENTERPRISE]["manager"]
    read = scim.get(f"/Users/{ada['id']}?attributes={ENTERPRISE}:manager").body
    assert read[ENTERPRISE]["manager"]["$ref"].endswith("/Users/m")


def test_strict_refuses_unknown_projections(strict):
    assert strict.get("/Users?attributes=nosuch").status == 400


def test_a_known_version_is_304(scim, ada):
    path, version = f"/Users/{ada['id']}", ada["meta"]["version"]
    for tag in (version, version[2:], "*", f'"x", {version}'):
        answer = scim.get(path, if_none_match=tag)
        assert (answer.status, answer.body) == (304, None)
    assert scim.get(path, if_none_match='W/"9"').status == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_stale_version_is_412_and_changes_nothing(scim, ada, method):
    path = f"/Users/{ada['id']}"
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    patch["Operations"] = [{"op": "remove", "path": "name"}]
    body = {"PUT": {"schemas": [USER], "userName": "x@example.com"}, "PATCH": patch}.get(method)
    assert scim.send(method, path, body, if_match='W/"7"').status == 412
    assert scim.get(path).body == ada
    assert scim.send(method, path, body, if_match=ada["meta"]["version"]).status in (200, 204)


def test_paths_with_more_slashes_lead_there_too(scim, ada):
    assert scim.get(f"//Users/{ada['id']}").status == 200
    assert scim.get("/Users/?count=1").status == 200
