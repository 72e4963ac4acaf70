"""URLs: slashes held against nobody, ids that are none, and policies that no site changes."""

from __future__ import annotations

import pytest
from django.urls import reverse
from rest_framework.views import APIView

from scim_provisioning.http.base import ScimView
from tests.scim_client import GROUP, PATCH_OP, PREFIX, USER

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slashes", ["{}", "/{}", "//{}", "{}/", "/{}//"])
@pytest.mark.parametrize(
    "path",
    ["/Users", "/Groups", "/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Schemas/" + USER],
)  # fmt: skip
def test_slashes_too_many_are_not_held_against_anybody(scim, path, slashes):
    assert scim.get(slashes.format(path)).status == 200


def test_a_resource_is_found_behind_slashes_too_many(scim):
    user = scim.user()
    assert scim.get(f"//Users/{user['id']}/").body == user
    assert scim.post("//Users/.search/", {"schemas": [], "filter": "x"}).status == 400


@pytest.mark.parametrize("slashes", ["/Me", "//Me/"])
def test_me_is_found_behind_any_slashes(scim, slashes):
    assert scim.get(slashes).status == 200


@pytest.mark.parametrize("slashes", ["/", "//", "///"])
def test_the_root_is_queried_behind_any_slashes(scim, slashes):
    assert scim.get(slashes).body["totalResults"] == 0


@pytest.mark.parametrize("path", ["/Users", "/Users/x", "/Me", "/Nothing", "/", "/Schemas"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_nobody_learns_anything_without_credentials(scim, method, path):
    answer = scim.send(method, path, authorization=None)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [("Users", {"schemas": [USER], "userName": "x"}), ("Groups", {"schemas": [GROUP], "displayName": "x"})],
    ids=["Users", "Groups"],
)  # fmt: skip
@pytest.mark.parametrize("id", ["1", "me", "a%2Fb", "00000000-0000-4000-8000-000000000000"])
def test_ids_of_nothing_are_404_for_writes(scim, kind, body, id):
    operations = [{"op": "add", "path": "externalId", "value": "x"}]
    patch = {"schemas": [PATCH_OP], "Operations": operations}
    assert scim.put(f"/{kind}/{id}", body).status == 404
    assert scim.send("PATCH", f"/{kind}/{id}", patch).status == 404
    assert scim.delete(f"/{kind}/{id}").status == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/Users", {"GET", "HEAD", "POST"}),
        ("/Users/x", {"GET", "HEAD", "PUT", "PATCH", "DELETE"}),
        ("/Groups/.search", {"POST"}),
        ("/Schemas", {"GET", "HEAD"}),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND"])
def test_405_names_the_methods_there_are(scim, path, allowed, method):
    answer = scim.send(method, path)
    assert (answer.status, answer.body["status"]) == (405, "405")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/Users", "/Users/{id}", "/Schemas", "/Users/nobody"])
def test_head_has_the_headers_of_get(scim, path):
    path = PREFIX + path.format(id=scim.user()["id"])
    headers = {"authorization": scim.bearer}
    head, got = scim.http.head(path, headers=headers), scim.http.get(path, headers=headers)
    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("Content-Type", "ETag", "Content-Length"):
        assert head.get(name) == got.get(name)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("root", "/"), ("all-search", "/.search"), ("me", "/Me"),
        ("bulk", "/Bulk"), ("service-provider-config", "/ServiceProviderConfig"),
        ("resource-types", "/ResourceTypes"), ("schemas", "/Schemas"),
    ],
)  # fmt: skip
def test_names_of_urls_stay(name, path):
    assert reverse(f"scim:{name}") == PREFIX + path


@pytest.mark.parametrize(("name", "path"), [("collection", "/Users"), ("search", "/Users/.search")])
def test_endpoints_of_resource_types_have_names(name, path):
    assert reverse(f"scim:{name}", kwargs={"endpoint": "Users"}) == PREFIX + path


POLICIES = [
    name for name in vars(APIView) if name.endswith(("_classes", "_class")) or name == "schema"
]


@pytest.mark.parametrize("name", POLICIES)
def test_no_policy_is_left_to_the_site(name):
    assert name in vars(ScimView)
