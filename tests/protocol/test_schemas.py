"""The schemas are those of RFC 7643 with its errata, and their documents show them whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scim2_models import EnterpriseUser, Group, User

from scim_provisioning.protocol import discovery_schemas, schemas, urns
from scim_provisioning.protocol.attributes import Mutability, Returned, Type, Uniqueness

ALL = [
    schemas.USER,
    schemas.ENTERPRISE_USER,
    schemas.GROUP,
    discovery_schemas.SERVICE_PROVIDER_CONFIG,
    discovery_schemas.RESOURCE_TYPE,
    discovery_schemas.SCHEMA,
]


def user(name, sub=None):
    """Return the innermost attribute of a user's path."""
    return schemas.USER_TYPE.find(None, name, sub).leaf


def group(name, sub=None):
    """Return the innermost attribute of a group's path."""
    return schemas.GROUP_TYPE.find(None, name, sub).leaf


def enterprise(name, sub=None):
    """Return the innermost attribute of an enterprise user's path."""
    return schemas.USER_TYPE.find(urns.ENTERPRISE_USER, name, sub).leaf


def walk(attributes):
    """Return attributes and their sub-attributes, all levels."""
    for attribute in attributes:
        yield attribute
        yield from walk(attribute.sub_attributes)


@pytest.mark.parametrize(
    ("attribute", "traits"),
    [
        (user("userName"), {"required": True, "uniqueness": Uniqueness.SERVER}),
        (user("userName"), {"case_exact": False}),
        (user("id"), {"case_exact": True, "returned": Returned.ALWAYS}),
        (user("id"), {"mutability": Mutability.READ_ONLY}),
        (user("externalId"), {"case_exact": True, "mutability": Mutability.READ_WRITE}),
        (user("schemas"), {"multi_valued": True, "returned": Returned.ALWAYS}),
        (user("meta"), {"mutability": Mutability.READ_ONLY}),
        (user("meta", "lastModified"), {"type": Type.DATETIME}),
        (user("password"), {"mutability": Mutability.WRITE_ONLY, "returned": Returned.NEVER}),
        (user("active"), {"type": Type.BOOLEAN}),
        (user("profileUrl"), {"type": Type.REFERENCE, "reference_types": ("external",)}),
        (user("photos", "value"), {"type": Type.REFERENCE}),
        (user("x509Certificates", "value"), {"type": Type.BINARY}),
        (user("groups"), {"mutability": Mutability.READ_ONLY, "multi_valued": True}),
        (user("groups", "$ref"), {"reference_types": ("Group",)}),
        (group("displayName"), {"required": True, "uniqueness": Uniqueness.SERVER}),
        (group("members", "value"), {"mutability": Mutability.IMMUTABLE, "case_exact": True}),
        (group("members", "$ref"), {"mutability": Mutability.IMMUTABLE}),
        (group("members", "display"), {"type": Type.STRING}),
        (enterprise("manager"), {"type": Type.COMPLEX, "multi_valued": False}),
        (enterprise("manager", "value"), {"case_exact": True}),
        (enterprise("manager", "displayName"), {"mutability": Mutability.READ_ONLY}),
    ],
    ids=lambda case: getattr(case, "name", ""),
)
def test_traits_follow_the_rfc_and_its_errata(attribute, traits):
    assert replace(attribute, **traits) == attribute


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("emails", {"work", "home", "other"}),
        ("addresses", {"work", "home", "other"}),
        ("phoneNumbers", {"work", "home", "mobile", "fax", "pager", "other"}),
        ("ims", {"aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"}),
        ("photos", {"photo", "thumbnail"}),
        ("groups", {"direct", "indirect"}),
        ("roles", set()),
        ("entitlements", set()),
    ],
)
def test_canonical_types_are_those_of_the_rfc(name, kinds):
    assert set(user(name, "type").canonical_values) == kinds


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_only_complex_attributes_have_sub_attributes(schema):
    assert all(a.is_complex == bool(a.sub_attributes) for a in walk(schema.attributes))


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_references_and_binaries_are_case_exact_and_only_references_have_types(schema):
    for attribute in walk(schema.attributes):
        refers = attribute.type is Type.REFERENCE
        assert refers == bool(attribute.reference_types)
        assert attribute.case_exact or not (refers or attribute.type is Type.BINARY)


@pytest.mark.parametrize("schema", ALL[:3], ids=lambda schema: schema.name)
def test_complex_attributes_of_resources_nest_one_level(schema):
    parts = [sub for a in schema.attributes for sub in a.sub_attributes]
    assert parts
    assert not any(sub.is_complex for sub in parts)


def test_types_of_attributes_include_binary_and_types_of_sub_attributes_leave_out_complex():
    outer = discovery_schemas.SCHEMA.attribute("attributes")
    assert {*outer.sub("type").canonical_values} == {*Type}
    assert {*outer.sub("subAttributes").sub("type").canonical_values} == {*Type} - {Type.COMPLEX}


def test_lists_in_discovery_are_multi_valued():
    inner = discovery_schemas.SCHEMA.attribute("attributes").sub("subAttributes")
    assert inner.sub("referenceTypes").multi_valued
    assert inner.sub("canonicalValues").multi_valued
    assert discovery_schemas.RESOURCE_TYPE.attribute("schemaExtensions").multi_valued


@pytest.mark.parametrize(
    ("urn", "name", "sub", "key"),
    [
        (None, "USERNAME", None, "userName"),
        (urns.USER.upper(), "name", "GIVENNAME", "name.givenName"),
        (urns.USER, "externalId", None, "externalId"),
        (urns.ENTERPRISE_USER.lower(), "Manager", "Value", f"{urns.ENTERPRISE_USER}:manager.value"),
        (None, "department", None, None),
        ("urn:x", "userName", None, None),
        (None, "name", "nosuch", None),
        (None, "userName", "value", None),
    ],
)
def test_attributes_are_found_by_urn_and_name_in_any_case(urn, name, sub, key):
    found = schemas.USER_TYPE.find(urn, name, sub)
    assert (found and found.key) == key


def test_a_bare_extension_name_is_found_by_the_lenient_only():
    assert schemas.USER_TYPE.find(None, "manager") is None
    assert schemas.USER_TYPE.find(None, "manager", lenient=True).urn == urns.ENTERPRISE_USER


def documents(attributes):
    """Return attribute documents of all levels."""
    for document in attributes:
        yield document
        yield from documents(document.get("subAttributes", []))


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_documents_hold_no_nulls_nor_what_does_not_apply(schema):
    rendered = schemas.schema_document(schema, "https://x/Schemas/1")
    for document in documents(rendered["attributes"]):
        is_complex = document["type"] == "complex"
        assert None not in document.values()
        assert [] not in document.values()
        assert ("subAttributes" in document) == is_complex
        assert ("uniqueness" in document) != is_complex
        assert ("referenceTypes" in document) == (document["type"] == "reference")


def test_a_schema_document_names_itself_and_its_place():
    document = schemas.schema_document(schemas.GROUP, "https://x/Schemas/g")
    assert document["schemas"] == [urns.SCHEMA]
    assert document["id"] == urns.GROUP
    assert document["meta"] == {"resourceType": "Schema", "location": "https://x/Schemas/g"}


def test_an_attribute_document_has_all_its_traits():
    document = schemas.attribute_document(user("emails", "type"))
    assert document.pop("description")
    assert document == {
        "name": "type",
        "type": "string",
        "multiValued": False,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        "canonicalValues": ["work", "home", "other"],
    }


@pytest.mark.parametrize(
    ("schema", "model"),
    [(schemas.USER, User), (schemas.ENTERPRISE_USER, EnterpriseUser), (schemas.GROUP, Group)],
    ids=["User", "EnterpriseUser", "Group"],
)
def test_names_and_types_agree_with_scim2_models(schema, model):
    theirs = {a["name"]: a for a in model.to_schema().model_dump()["attributes"]}
    ours = {a["name"]: a for a in schemas.schema_document(schema, "")["attributes"]}
    assert outline(ours.values()) == outline(theirs.values())


def outline(attributes):
    """Return names, types and multiplicities of all levels."""
    return {
        a["name"]: (a["type"], a["multiValued"], outline(a.get("subAttributes") or []))
        for a in attributes
    }
