"""What ``/Schemas`` says of each attribute is what it does: in bodies, PATCH, filters and sorts."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from kyvos_portal.scim import PORTAL_USER
from scim_provisioning.models import ProvisioningEvent, ScimUser
from scim_provisioning.protocol.attributes import Mutability, Returned, Type
from scim_provisioning.protocol.comparison import is_folded
from scim_provisioning.resources import registry
from tests.scim_client import ENTERPRISE, GROUP, USER

pytestmark = [pytest.mark.django_db, pytest.mark.any_user]

ENTRY = {"value": "One@Example.com", "display": "One", "type": "work", "primary": True}
FULL = {
    "schemas": [USER, ENTERPRISE, PORTAL_USER],
    "externalId": "Ext-1",
    "userName": "Ada@Example.com",
    "name": {
        "formatted": "Dr. Ada M. Rowe III", "familyName": "Rowe", "givenName": "Ada",
        "middleName": "Mary", "honorificPrefix": "Dr.", "honorificSuffix": "III",
    },
    "displayName": "Ada Rowe", "nickName": "Addy", "profileUrl": "https://example.com/Ada",
    "title": "Engineer", "userType": "Employee", "preferredLanguage": "en-US", "locale": "en-US",
    "timezone": "Europe/Oslo", "active": True, "password": "Never-Shown-1",
    "emails": [ENTRY], "phoneNumbers": [{**ENTRY, "value": "tel:+47-1"}],
    "ims": [{**ENTRY, "type": "xmpp"}], "photos": [{**ENTRY, "value": "https://example.com/A.png", "type": "photo"}],
    "addresses": [{
        "formatted": "One Street", "streetAddress": "One", "locality": "Oslo", "region": "Oslo",
        "postalCode": "0150", "country": "NO", "type": "work", "primary": True,
    }],
    "entitlements": [ENTRY], "roles": [ENTRY], "x509Certificates": [{**ENTRY, "value": "TUlJQw=="}],
    ENTERPRISE: {
        "employeeNumber": "N-1", "costCenter": "CC", "organization": "Org", "division": "Div",
        "department": "R&D", "manager": {"value": "Boss-1"},
    },
    PORTAL_USER: {"sendWelcomeMail": True},
}  # fmt: skip
UNASSIGNED = ("manager.displayName", "externalId", "role")
"""What the resources below have no value of, or are asked for by."""


def targets(name):
    return [pytest.param(key, target, id=key) for key, target in leaves(name)]


def assigned(name):
    return [p for p in targets(name) if not p.id.endswith(UNASSIGNED)]


def leaves(name):
    """Return every attribute and sub-attribute that is advertised, by key."""
    type_ = registry.mapping(name).resource_type
    schemas = [(None, (*type_.common, *type_.schema.attributes))]
    schemas += [(schema.id, schema.attributes) for schema in type_.extensions]
    for urn, attributes in schemas:
        for attribute in attributes:
            for sub in (None, *attribute.sub_attributes):
                target = type_.find(urn, attribute.name, sub.name if sub else None)
                yield target.key, target


@pytest.fixture
def ada(scim):
    made = scim.post("/Users", FULL).body
    scim.group("Ops", [made["id"]])
    return scim.get(f"/Users/{made['id']}").body


@pytest.fixture
def ops(scim, ada):
    return scim.search("/Groups", 'displayName eq "Ops"').body["Resources"][0]


def path(resource):
    return f"/{resource['meta']['resourceType']}s/{resource['id']}"


def values(resource, target):
    """Return the values of a target that a resource shows."""
    holder = resource.get(target.urn, {}) if target.urn else resource
    found = holder.get(target.attribute.name)
    entries = found if isinstance(found, list) else [] if found is None else [found]
    if target.sub is None:
        return entries
    return [e[target.sub.name] for e in entries if target.sub.name in e]


def check_returned(scim, resource, key, target):
    url, shown = path(resource), {}
    for way, query in {
        "default": "", "named": f"?attributes={key}", "others": "?attributes=externalId",
        "without": f"?excludedAttributes={key}",
    }.items():  # fmt: skip
        read = scim.get(f"{url}{query}").body
        listed = scim.get(f"{url.rpartition('/')[0]}{query}").body["Resources"]
        shown[way] = bool(values(read, target))
        assert read in listed
    return shown


EXPECTED = {
    Returned.ALWAYS: {"default": True, "named": True, "others": True, "without": True},
    Returned.DEFAULT: {"default": True, "named": True, "others": False, "without": False},
    Returned.REQUEST: {"default": False, "named": True, "others": False, "without": False},
    Returned.NEVER: {"default": False, "named": False, "others": False, "without": False},
}


def returned_of(target):
    """Return when a target is shown: an attribute's subs are shown no more than it is."""
    order = [Returned.NEVER, Returned.REQUEST, Returned.DEFAULT, Returned.ALWAYS]
    return min(target.attribute.returned, target.leaf.returned, key=order.index)


@pytest.mark.scim("B069", "A091", "A092", "A093", "A096")
@pytest.mark.parametrize(("key", "target"), assigned("User"))
def test_users_show_it_when_the_schema_says(scim, ada, key, target):
    assert check_returned(scim, ada, key, target) == EXPECTED[returned_of(target)]


@pytest.mark.scim("B069", "A091", "A092", "A093")
@pytest.mark.parametrize(("key", "target"), assigned("Group"))
def test_groups_show_it_when_the_schema_says(scim, ops, key, target):
    assert check_returned(scim, ops, key, target) == EXPECTED[returned_of(target)]


READ_ONLY = [
    pytest.param(name, key, target, id=f"{name}-{key}")
    for name in ("User", "Group")
    for key, target in leaves(name)
    if Mutability.READ_ONLY in (target.attribute.mutability, target.leaf.mutability)
]
read_only = pytest.mark.parametrize(("name", "key", "target"), READ_ONLY)
FORGED = "https://example.com/forged"


@pytest.fixture
def named(ada, ops):
    return {"User": ada, "Group": ops}


def forged(resource, target):
    """Return a body of the resource that gives a read-only attribute another value."""
    body = deepcopy({k: v for k, v in resource.items() if k not in ("id", "meta", "groups")})
    holder = body.setdefault(target.urn, {}) if target.urn else body
    known = holder.get(target.attribute.name)
    changed = {target.sub.name if target.sub else "display": FORGED}
    if target.attribute.multi_valued:
        value = [{**one, **changed} for one in known or [{}]]
    elif target.attribute.is_complex:
        value = {**(known or {}), **changed}
    else:
        value = FORGED
    holder[target.attribute.name] = value
    return body


@pytest.mark.scim("B068", "A036", "A107", "A116")
@read_only
def test_what_is_read_only_is_ignored_in_bodies(scim, named, name, key, target):
    body = forged(named[name], target)
    assert body != named[name]
    assert scim.put(path(named[name]), body).status == 200
    assert scim.get(path(named[name])).body == named[name]


@pytest.mark.scim("B068", "A116", "A134", "B028", "B046")
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
@read_only
def test_what_is_read_only_is_refused_as_a_path(scim, named, name, key, target, op):
    answer = scim.patch(path(named[name]), {"op": op, "path": key, "value": "x"})
    assert (answer.status, answer.scim_type) == (400, "mutability"), answer.body
    assert scim.get(path(named[name])).body == named[name]


@pytest.mark.scim("B051", "B068", "A116")
@pytest.mark.parametrize("sub", ["value", "$ref", "type"])
def test_what_is_immutable_is_not_edited(scim, ada, ops, sub):
    other = scim.user("other@example.com")
    value = {"value": other["id"], "$ref": other["meta"]["location"], "type": "Group"}[sub]
    for at in (f'members[value eq "{ada["id"]}"].{sub}', f"members.{sub}"):
        answer = scim.patch(path(ops), {"op": "replace", "path": at, "value": value})
        assert (answer.status, answer.scim_type) == (400, "mutability"), answer.body
    assert scim.get(path(ops)).body["members"] == ops["members"]


def secrets():
    return [key for key, target in leaves("User") if returned_of(target) is Returned.NEVER]


@pytest.mark.scim("B039", "B041", "B068", "B069", "B073")
@pytest.mark.parametrize("key", secrets())
def test_what_is_never_returned_is_nowhere(scim, ada, key):
    secret, url = "Never-Shown-2", path(ada)
    body = {k: v for k, v in ada.items() if k != "groups"} | {key: secret}
    answers = [
        scim.put(f"{url}?attributes={key}", body),
        scim.patch(f"{url}?attributes={key}", {"op": "replace", "path": key, "value": secret}),
        scim.patch(url, {"op": "add", "value": {key: secret, "title": "x"}}),
        scim.post(f"/Users?attributes={key}", {**FULL, "userName": "new@example.com", key: secret}),
        scim.post("/Users", {**FULL, key: secret}),
        scim.search("/Users", "userName pr", attributes=[key]),
        scim.search("", "userName pr", attributes=[key]),
    ]
    assert [a.status for a in answers] == [200, 200, 200, 201, 409, 200, 200]
    assert not [a.body for a in answers if "Never-Shown" in json.dumps(a.body)]
    assert not [a.body for a in answers if any(values_at(a.body, key))]
    kept = [*ProvisioningEvent.objects.values(), *ScimUser.objects.values()]
    assert "Never-Shown" not in str(kept)


def values_at(body, key):
    return [resource[key] for resource in body.get("Resources", [body]) if key in resource]


@pytest.mark.scim("B039", "B069")
@pytest.mark.parametrize("key", secrets())
def test_what_is_never_returned_is_told_by_no_answer(scim, ada, key):
    for text in (
        f"{key} pr",
        f'{key} eq "x"',
        f'{key} sw "N"',
        f"not ({key} pr)",
        f"{key} eq null",
    ):
        for endpoint in ("/Users", ""):
            assert scim.search(endpoint, text).scim_type == "invalidFilter"
    for query in ("", "&cursor"):
        assert scim.get(f"/Users?sortBy={key}{query}").scim_type == "invalidPath"


STRINGS = [
    p for p in targets("User")
    if not p.values[1].leaf.is_complex
    and p.values[1].leaf.type in (Type.STRING, Type.REFERENCE, Type.BINARY)
    and p.values[1].leaf.returned is not Returned.NEVER
]  # fmt: skip


@pytest.mark.scim("B067", "A077", "B027", "B035", "B058", "B009")
@pytest.mark.parametrize(("key", "target"), STRINGS)
def test_a_filter_minds_case_where_the_schema_says(scim, ada, key, target):
    found = values(scim.get(f"{path(ada)}?attributes={key}").body, target)
    value = found[0] if found else ""
    swapped = value.swapcase()
    if value == swapped:
        return
    as_sent = scim.search("/Users", f"{key} eq {json.dumps(value)}").body["totalResults"]
    other = scim.search("/Users", f"{key} eq {json.dumps(swapped)}").body["totalResults"]
    assert (as_sent, bool(other)) == (1, is_folded(target.leaf))


@pytest.mark.scim("A082", "A083", "A084")
@pytest.mark.parametrize(("key", "target"), targets("User"))
def test_every_attribute_sorts_or_says_that_it_does_not(scim, ada, key, target):
    scim.user("other@example.com")
    query = f"/Users?attributes=userName&sortBy={key}"
    has_value = target.leaf.sub("value") is not None
    sorts = key not in ("schemas", "password") and (has_value or not target.leaf.is_complex)
    for order in ("", "&sortOrder=descending"):
        by_index, by_cursor = scim.get(query + order), scim.get(f"{query}{order}&cursor")
        if sorts:
            assert by_index.body["Resources"] == by_cursor.body["Resources"]
        else:
            assert by_index.scim_type == by_cursor.scim_type == "invalidPath"


@pytest.mark.scim("A084")
@pytest.mark.parametrize(
    ("key", "folded"), [("title", True), ("externalId", False), ("profileUrl", False)]
)
def test_a_sort_minds_case_where_the_schema_says(scim, key, folded):
    for i, value in enumerate(["b", "A", "a", "B"]):
        scim.user(
            f"u{i}@example.com", **{key: value if key != "profileUrl" else f"https://x/{value}"}
        )
    found = scim.get(f"/Users?sortBy={key}").body["Resources"]
    order = [r[key].rpartition("/")[2] for r in found]
    assert order == (["A", "a", "b", "B"] if folded else ["A", "B", "a", "b"])


@pytest.mark.scim("A042", "B035", "B070")
def test_what_is_unique_is_so_as_it_compares(scim, ada):
    clash = scim.post("/Users", {"schemas": [USER], "userName": FULL["userName"].upper()})
    assert (clash.status, clash.scim_type) == (409, "uniqueness")
    wide = "\uff21da@example.com"
    assert scim.post("/Users", {"schemas": [USER], "userName": wide}).status in (409, 400)
    scim.group("Ops 2")
    assert scim.post("/Groups", {"schemas": [GROUP], "displayName": "OPS 2"}).status == 409


@pytest.mark.scim("B072")
@pytest.mark.parametrize("name", ["User", "Group"])
def test_schemas_advertise_these_traits(scim, name):
    documents = {d["id"]: d for d in scim.get("/Schemas").body["Resources"]}
    core = registry.mapping(name).resource_type.schema.id
    for key, target in leaves(name):
        if target.attribute in registry.mapping(name).resource_type.common:
            continue
        [found] = [
            a
            for a in documents[target.urn or core]["attributes"]
            if a["name"] == target.attribute.name
        ]
        if target.sub:
            [found] = [s for s in found["subAttributes"] if s["name"] == target.sub.name]
        told = (
            found["mutability"],
            found["returned"],
            found.get("caseExact", target.leaf.case_exact),
        )
        assert told == (target.leaf.mutability, target.leaf.returned, target.leaf.case_exact), key
