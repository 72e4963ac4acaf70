"""What each profile asks for: the default understands every dialect, the strict ones do not."""

from __future__ import annotations

import base64

import pytest

from scim_provisioning.protocol.policy import INTEROP, POLICIES, STRICT, TOLERANT
from tests.scim_client import ENTERPRISE, PATCH_OP, USER
from tests.scim_fixtures import make_client

from . import profiles

pytestmark = pytest.mark.django_db
DER = base64.b64encode(b"\x30\x03\x02\x01\x05").decode()


@pytest.fixture
def interop(scim):
    return make_client("interop", profile="interop")


@pytest.fixture(params=["strict", "interop"])
def narrow(request, scim):
    """A client of each profile that keeps to the letter."""
    return make_client(request.param, profile=request.param)


def create(client, **attributes):
    body = {"schemas": [USER, ENTERPRISE], "userName": "ada@example.com", **attributes}
    return client.post("/Users", body)


def patch(client, user, *operations):
    return client.patch(f"/Users/{user['id']}", *operations)


WORK = {"type": "work", "value": "ada@example.com"}
FORMATS = [
    pytest.param({"profileUrl": "my page"}, "profileUrl", id="words", marks=pytest.mark.scim("B009")),
    pytest.param({"profileUrl": "page"}, "profileUrl", id="no scheme", marks=pytest.mark.scim("B009")),
    pytest.param({"photos": [{"value": "https://example.com/ada.html"}]}, "photos.value", id="page",
                 marks=pytest.mark.scim("B044")),
    pytest.param({"photos": [{"value": "data:text/html,x"}]}, "photos.value", id="data",
                 marks=pytest.mark.scim("B044")),
    pytest.param({"addresses": [{"country": "Norway"}]}, "addresses.country", id="by name",
                 marks=pytest.mark.scim("B045")),
    pytest.param({"addresses": [{"country": "XX"}]}, "addresses.country", id="no country",
                 marks=pytest.mark.scim("B045")),
    pytest.param({"x509Certificates": [{"value": "AQID"}]}, "x509Certificates.value", id="no DER",
                 marks=pytest.mark.scim("B048")),
    pytest.param({"x509Certificates": [{"value": base64.b64encode(base64.b64decode(DER) * 2).decode()}]},
                 "x509Certificates.value", id="two", marks=pytest.mark.scim("B048")),
]  # fmt: skip


@pytest.mark.parametrize(("attributes", "path"), FORMATS)
def test_formats_are_asked_for(narrow, attributes, path):
    answer = create(narrow, **attributes)
    assert (answer.status, answer.scim_type) == (400, "invalidValue")
    assert answer.body["detail"].startswith(path)


@pytest.mark.parametrize(("attributes", "path"), FORMATS)
def test_formats_are_left_to_the_identity_provider(scim, attributes, path):
    answer = create(scim, **attributes)
    assert answer.status == 201
    assert attributes.items() <= answer.body.items()


@pytest.mark.scim("B009", "B044", "B045", "B048")
def test_what_has_the_format_is_taken(narrow):
    attributes = {
        "profileUrl": "https://example.com/~ada?x=%20#me",
        "photos": [{"value": "https://example.com/ada.png"}, {"value": "https://example.com/7"}],
        "addresses": [{"country": "NO"}],
        "x509Certificates": [{"value": DER}],
    }
    answer = create(narrow, **attributes)
    assert answer.status == 201
    assert attributes.items() <= answer.body.items()


@pytest.mark.scim("A139")
def test_a_value_path_that_matches_nothing_is_no_target(narrow):
    user = create(narrow).body
    path = 'emails[type eq "work"].value'
    answer = patch(narrow, user, {"op": "replace", "path": path, "value": "a@example.com"})
    assert (answer.status, answer.scim_type) == (400, "noTarget")


def test_an_unknown_attribute_or_schema_is_refused(narrow):
    assert create(narrow, nosuch=1).scim_type == "invalidSyntax"
    assert create(narrow, schemas=[USER, "urn:example:nosuch"]).scim_type == "invalidSyntax"


def test_case_counts_in_ids(narrow):
    user = create(narrow).body
    assert narrow.get(f"/Users/{user['id'].upper()}").status == 404
    assert narrow.delete(f"/Users/{user['id'].upper()}").status == 404


def test_case_of_ids_does_not_count_by_default(scim):
    assert scim.get(f"/Users/{scim.user()['id'].upper()}").status == 200


# The Interoperability Profile, by the sections of its draft


def test_conformance_is_claimed_where_it_is(scim, strict, interop):
    flag = "interopProfileConformant"
    found = [c.get("/ServiceProviderConfig").body.get(flag) for c in (scim, strict, interop)]
    assert found == [None, None, True]


def test_5_1_resource_types_are_named_by_their_ids_and_their_schemas_are_there(interop):
    known = {schema["id"] for schema in interop.get("/Schemas").body["Resources"]}
    for kind in interop.get("/ResourceTypes").body["Resources"]:
        assert kind["id"] == kind["name"]
        extensions = [extension["schema"] for extension in kind.get("schemaExtensions", ())]
        assert {kind["schema"], *extensions} <= known


def test_5_2_names_clash_as_they_are_found(interop):
    user = create(interop, userName="Ada@Example.com", externalId="A-1").body
    assert create(interop, userName="ada@example.COM").scim_type == "uniqueness"
    found = interop.search("/Users", 'userName eq "ADA@example.com"').body["Resources"]
    assert [resource["id"] for resource in found] == [user["id"]]
    assert interop.search("/Users", 'externalId eq "a-1"').body["totalResults"] == 0
    assert interop.search("/Users", f'id eq "{user["id"].upper()}"').body["totalResults"] == 0


def test_5_3_an_unknown_attribute_in_a_patch_is_invalid_syntax(interop, strict):
    operation = {"op": "replace", "path": "nosuch", "value": 1}
    assert patch(interop, create(interop).body, operation).scim_type == "invalidSyntax"
    user = create(strict, userName="eve@example.com").body
    assert patch(strict, user, operation).scim_type == "invalidPath"


def test_5_4_types_are_declared(interop):
    for schema in interop.get("/Schemas").body["Resources"][:3]:
        for attribute in schema["attributes"]:
            for sub in attribute.get("subAttributes", ()):
                assert sub["name"] != "type" or sub["canonicalValues"]


def test_6_2_bodies_are_scims_own(interop):
    body = {"schemas": [USER], "userName": "ada@example.com"}
    assert interop.post("/Users", body, content_type="application/json").status == 415
    answer = interop.get("/Users", accept="application/json")
    assert answer.headers["Content-Type"] == "application/scim+json"


def test_6_3_an_unknown_attribute_in_a_filter_is_invalid(interop):
    assert interop.get('/Users?filter=nosuch eq "x"').scim_type == "invalidFilter"
    assert interop.get('/Users?filter=userName eq "x" and active eq true').status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_6_3_filters_are_for_get_only(interop, method):
    path = "/Users" if method == "POST" else f"/Users/{create(interop).body['id']}"
    answer = interop.send(method, f'{path}?filter=userName eq "x"', {"schemas": [USER]})
    assert (answer.status, answer.scim_type) == (400, "invalidFilter")


def test_6_4_a_hundred_can_be_asked_for_and_come_by_default(interop):
    config = interop.get("/ServiceProviderConfig").body
    assert config["pagination"]["defaultPageSize"] >= 100
    assert config["filter"]["maxResults"] >= 100


def test_6_5_operations_need_a_path(interop):
    answer = patch(interop, create(interop).body, {"op": "replace", "value": {"title": "Dr"}})
    assert (answer.status, answer.scim_type) == (400, "invalidSyntax")


def test_6_5_add_and_replace_of_one_value_are_the_same(interop):
    user = create(interop).body
    for op in ("add", "replace"):
        body = patch(interop, user, {"op": op, "path": "title", "value": op}).body
        assert body["title"] == op


def test_6_5_add_merges_an_object_and_replace_replaces_it(interop):
    user = create(interop, name={"givenName": "Ada", "familyName": "King"}).body
    added = patch(interop, user, {"op": "add", "path": "name", "value": {"givenName": "A"}}).body
    assert added["name"] == {"givenName": "A", "familyName": "King"}
    replaced = patch(interop, user, {"op": "replace", "path": "name", "value": {"givenName": "B"}})
    assert replaced.body["name"] == {"givenName": "B"}


@pytest.mark.scim("A137")
def test_replace_of_an_object_keeps_the_rest_elsewhere(scim):
    user = create(scim, name={"givenName": "Ada", "familyName": "King"}).body
    replaced = patch(scim, user, {"op": "replace", "path": "name", "value": {"givenName": "B"}})
    assert replaced.body["name"] == {"givenName": "B", "familyName": "King"}


def test_6_5_add_appends_a_list_and_replace_replaces_it(interop):
    user = create(interop, emails=[WORK]).body
    other = {"type": "home", "value": "home@example.com"}
    added = patch(interop, user, {"op": "add", "path": "emails", "value": [other]}).body
    assert added["emails"] == [WORK, other]
    replaced = patch(interop, user, {"op": "replace", "path": "emails", "value": [other]}).body
    assert replaced["emails"] == [other]


def test_6_5_filtered_paths_end_in_a_sub_attribute(interop):
    user = create(interop, emails=[WORK]).body
    operation = {"op": "remove", "path": 'emails[type eq "work"]'}
    assert patch(interop, user, operation).scim_type == "invalidPath"
    operation = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "b@example.com"}
    assert patch(interop, user, operation).body["emails"][0]["value"] == "b@example.com"


def test_6_5_a_member_leaves_with_its_value(interop):
    ada, eve = create(interop).body, create(interop, userName="eve@example.com").body
    group = interop.group(members=[ada["id"], eve["id"]])
    path = f'members[value eq "{ada["id"]}"].value'
    body = {"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": path}]}
    answer = interop.send("PATCH", f"/Groups/{group['id']}?attributes=members", body)
    assert [member["value"] for member in answer.body["members"]] == [eve["id"]]


def test_6_6_a_deleted_user_is_gone_and_the_name_is_free(interop):
    user = create(interop).body
    assert interop.delete(f"/Users/{user['id']}").status == 204
    assert interop.get(f"/Users/{user['id']}").status == 404
    assert create(interop).status == 201


def test_6_9_names_clash_in_patches_too(interop):
    create(interop)
    user = create(interop, userName="eve@example.com").body
    answer = patch(interop, user, {"op": "replace", "path": "userName", "value": "ADA@example.com"})
    assert (answer.status, answer.scim_type) == (409, "uniqueness")


def test_7_2_tokens_come_before_passwords(interop):
    schemes = interop.get("/ServiceProviderConfig").body["authenticationSchemes"]
    assert [scheme["type"] for scheme in schemes if scheme.get("primary")] == ["oauthbearertoken"]


def test_the_page_of_profiles_is_current():
    assert profiles.PAGE.read_text(encoding="utf-8") == profiles.page()


def test_each_profile_is_a_policy():
    assert POLICIES["auto"] == POLICIES["okta"] == POLICIES["entra"] == TOLERANT
    assert (POLICIES["strict"], POLICIES["interop"]) == (STRICT, INTEROP)
