"""Discovery tells what is, and all of it (RFC 7643 sections 5 to 7)."""

from __future__ import annotations

import pytest

from scim_provisioning.resources import registry
from tests.scim_client import ENTERPRISE, GROUP, USER

pytestmark = pytest.mark.django_db

EXTENSIONS = [schema.id for schema in registry.mapping("User").declared.extensions]


def test_users_have_the_enterprise_extension():
    assert ENTERPRISE in EXTENSIONS


def test_every_schema_can_be_read_by_its_urn(scim):
    listed = scim.get("/Schemas").body
    assert listed["totalResults"] == len(listed["Resources"]) == 5 + len(EXTENSIONS)
    for schema in listed["Resources"]:
        assert scim.get(f"/Schemas/{schema['id']}").body == schema
        assert scim.get(f"/Schemas/{schema['id'].upper()}").body == schema
        assert schema["meta"]["location"].endswith(f"/Schemas/{schema['id']}")


def test_schemas_of_messages_are_not_listed(scim):
    assert not [s for s in scim.get("/Schemas").body["Resources"] if "messages" in s["id"]]


def test_resource_types_name_listed_schemas(scim):
    ids = {schema["id"] for schema in scim.get("/Schemas").body["Resources"]}
    types = scim.get("/ResourceTypes").body["Resources"]
    assert [(t["id"], t["endpoint"], t["schema"]) for t in types] == [
        ("User", "/Users", USER),
        ("Group", "/Groups", GROUP),
    ]
    assert types[0]["schemaExtensions"] == [{"schema": e, "required": False} for e in EXTENSIONS]
    assert {t["schema"] for t in types} | {*EXTENSIONS} <= ids
    assert scim.get("/ResourceTypes/user").body == types[0]


def test_the_schema_lists_what_is_bound(scim):
    schema = scim.get(f"/Schemas/{USER}").body
    bound = {key.split(".")[0] for key in registry.mapping("User").bindings if ":" not in key}
    assert {a["name"] for a in schema["attributes"]} == bound - {
        "schemas",
        "id",
        "externalId",
        "meta",
    }


def test_sub_attributes_are_never_complex(scim):
    for schema in scim.get("/Schemas").body["Resources"]:
        if "core:2.0:Schema" in schema["id"]:
            continue
        for attribute in schema["attributes"]:
            for sub in attribute.get("subAttributes", []):
                assert sub["type"] != "complex"


def test_discovery_cannot_be_filtered(scim):
    for path in ("/Schemas", "/ResourceTypes", "/ServiceProviderConfig"):
        assert scim.get(f"{path}?filter=id pr").status == 403
        assert scim.get(f"{path}?count=1&sortBy=x&attributes=id").status == 200


def test_discovery_asks_for_credentials_unless_opened(scim, settings):
    assert scim.get("/Schemas", authorization=None).status == 401
    settings.SCIM_PROVISIONING = {"OPEN_DISCOVERY": True}
    for path in ("/Schemas", "/ResourceTypes", "/ServiceProviderConfig"):
        assert scim.get(path, authorization=None).status == 200
    assert scim.get("/Users", authorization=None).status == 401
