"""RFC 7643 and the errata, line by line: what no other test of the suite shows."""

from __future__ import annotations

import re

import pytest

from scim_provisioning.models import ProvisioningEvent
from scim_provisioning.resources import registry
from tests.scim_client import ENTERPRISE, GROUP, PREFIX, USER

pytestmark = pytest.mark.django_db
scim_ = pytest.mark.scim
NAME = re.compile(r"\$ref|[A-Za-z][A-Za-z0-9_-]*")
TRAITS = {"name", "type", "multiValued", "required", "mutability", "returned", "description"}


@pytest.fixture
def documents(scim):
    return {schema["id"]: schema for schema in scim.get("/Schemas").body["Resources"]}


def attributes(document):
    for attribute in document["attributes"]:
        yield attribute
        yield from attribute.get("subAttributes", ())


def every(documents):
    return [attribute for document in documents.values() for attribute in attributes(document)]


def one(documents, urn, *path):
    found = documents[urn]
    for name in path:
        parts = found.get("attributes") or found["subAttributes"]
        [found] = [attribute for attribute in parts if attribute["name"] == name]
    return found


def create(client, **more):
    return client.post("/Users", {"schemas": [USER], "userName": "ada@example.com", **more})


# Schemas as they are published


@scim_("B002")
def test_names_follow_the_abnf(documents):
    assert [a["name"] for a in every(documents) if not NAME.fullmatch(a["name"])] == []


@scim_("B004", "B065", "B066", "J04")
def test_every_trait_is_told(documents):
    for attribute in every(documents):
        assert attribute.keys() >= TRAITS
        if attribute["type"] == "complex":
            assert attribute["subAttributes"]
            assert not {"uniqueness", "caseExact"} & set(attribute)
        else:
            assert attribute.keys() >= {"uniqueness", "caseExact"}


@scim_("B013", "J01")
def test_sub_attributes_are_never_complex(documents):
    for urn in (USER, ENTERPRISE, GROUP):
        for attribute in documents[urn]["attributes"]:
            assert "complex" not in [sub["type"] for sub in attribute.get("subAttributes", ())]
    schema = "urn:ietf:params:scim:schemas:core:2.0:Schema"
    types = one(documents, schema, "attributes", "subAttributes", "type")["canonicalValues"]
    assert "complex" not in types
    assert "binary" in types


@scim_("J02", "J03", "J05")
def test_the_documents_describe_themselves(documents):
    schema = "urn:ietf:params:scim:schemas:core:2.0:Schema"
    assert "binary" in one(documents, schema, "attributes", "type")["canonicalValues"]
    for name in ("referenceTypes", "canonicalValues"):
        assert one(documents, schema, "attributes", name)["multiValued"] is True
        assert one(documents, schema, "attributes", "subAttributes", name)["multiValued"] is True
    kind = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
    assert one(documents, kind, "schemaExtensions")["multiValued"] is True


@scim_("J06", "J07", "J08", "J09", "B050", "B058")
def test_errata(documents):
    assert one(documents, GROUP, "displayName")["required"] is True
    assert one(documents, USER, "groups", "$ref")["referenceTypes"] == ["Group"]
    assert one(documents, ENTERPRISE, "manager", "value")["caseExact"] is True
    assert one(documents, GROUP, "members", "display")["type"] == "string"


@scim_("B014")
def test_default_sub_attributes_mean_the_same_everywhere(documents):
    kinds = {"primary": "boolean", "type": "string", "display": "string", "$ref": "reference"}
    for attribute in documents[USER]["attributes"]:
        for sub in attribute.get("subAttributes", ()):
            assert sub["type"] == kinds.get(sub["name"], sub["type"])


@scim_("B034")
def test_extensions_redefine_no_core_attribute():
    for mapping in registry.mappings():
        kind = mapping.resource_type
        core = {a.name.lower() for a in (*kind.common, *kind.schema.attributes)}
        for schema in kind.extensions:
            assert not core & {attribute.name.lower() for attribute in schema.attributes}


@scim_("B059", "B060", "B062")
def test_the_service_provider_config_is_whole(scim):
    config = scim.get("/ServiceProviderConfig").body
    for part in ("patch", "bulk", "filter", "changePassword", "sort", "etag"):
        assert type(config[part]["supported"]) is bool
    for part, limit in (
        ("bulk", "maxOperations"),
        ("bulk", "maxPayloadSize"),
        ("filter", "maxResults"),
    ):
        assert type(config[part][limit]) is int
    kinds = {"oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"}
    for scheme in config["authenticationSchemes"]:
        assert scheme["type"] in kinds
        assert scheme["name"]
        assert scheme["description"]
        assert scheme["specUri"].startswith("https://www.rfc-editor.org/info/rfc")


@scim_("B061")
def test_discovery_opens_by_setting(scim, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "OPEN_DISCOVERY": True}
    answer = scim.get("/ServiceProviderConfig", authorization=None)
    assert (answer.status, bool(answer.body["authenticationSchemes"])) == (200, True)
    assert scim.get("/Users", authorization=None).status == 401


@scim_("B063", "B064")
def test_resource_types_name_what_is_there(scim, documents):
    for kind in scim.get("/ResourceTypes").body["Resources"]:
        assert kind["schema"] in documents
        assert scim.get(kind["endpoint"]).status == 200
        for extension in kind.get("schemaExtensions", ()):
            assert extension["schema"] in documents
            # None is required, so that every resource may be without.
            assert extension["required"] is False


# Values


@scim_("B001", "B021", "B022", "B012")
def test_schemas_are_minded_and_their_order_is_not(scim):
    extension = {"department": "R"}
    first = create(scim, schemas=[ENTERPRISE, USER, USER], **{ENTERPRISE: extension}).body
    body = {ENTERPRISE: extension, "userName": "eve@example.com", "schemas": [USER, ENTERPRISE]}
    second = scim.post("/Users", body).body
    assert first["schemas"] == second["schemas"] == [USER, ENTERPRISE]


@scim_("B021")
@pytest.mark.parametrize("schemas", [[], None, "x", [1]])
def test_a_resource_says_its_schemas(scim, schemas):
    assert create(scim, schemas=schemas).scim_type == "invalidSyntax"


@scim_("B021")
def test_other_schemas_are_refused_where_the_letter_counts(strict):
    assert create(strict, schemas=[USER, GROUP]).scim_type == "invalidSyntax"


@scim_("B003")
def test_case_of_names_and_urns_does_not_count(scim):
    body = {"SCHEMAS": [USER.upper()], "USERNAME": "ada@example.com", "Name": {"GIVENNAME": "Ada"}}
    user = scim.post("/Users", {**body, ENTERPRISE.upper(): {"Department": "R"}}).body
    assert (user["userName"], user["name"]) == ("ada@example.com", {"givenName": "Ada"})
    assert user[ENTERPRISE] == {"department": "R"}


@scim_("B006", "B007", "B008")
@pytest.mark.parametrize(
    ("attribute", "value"),
    [("active", 1), ("title", 1), ("emails", [{"value": 1}]), ("emails", [{"primary": "maybe"}]),
     ("x509Certificates", [{"value": "*"}]), ("name", "Ada"), ("name", [{}, {}])],
)  # fmt: skip
def test_wrong_types_are_invalid_values(scim, attribute, value):
    assert create(scim, **{attribute: value}).scim_type == "invalidValue"


@scim_("B008")
@pytest.mark.parametrize("value", ["AQ==", "AQ", "AQID"])
def test_base64_may_be_padded_or_not(scim, value):
    certificates = [{"value": value}]
    assert create(scim, x509Certificates=certificates).body["x509Certificates"] == certificates


@scim_("B010", "B047", "B056")
def test_references_lead_to_what_they_name(scim):
    boss = scim.user("boss@example.com")
    user = create(scim, **{ENTERPRISE: {"manager": {"value": boss["id"]}}}).body
    group = scim.group(members=[user["id"]])
    found = scim.get(f"/Users/{user['id']}?attributes=groups,{ENTERPRISE}:manager").body
    [entry] = found["groups"]
    assert (entry["value"], entry["type"]) == (group["id"], "direct")
    reference = scim.get(f"/Users/{user['id']}?attributes={ENTERPRISE}:manager.$ref").body
    manager = reference[ENTERPRISE]["manager"]
    [member] = scim.get(f"/Groups/{group['id']}").body["members"]
    for uri, expected in ((entry["$ref"], group), (member["$ref"], user), (manager["$ref"], boss)):
        path = uri.removeprefix(f"http://testserver{PREFIX}")
        assert scim.get(path).body["id"] == expected["id"]


@scim_("B011", "A121")
def test_members_have_to_exist(scim):
    nobody = "00000000-0000-4000-8000-000000000000"
    answer = scim.post(
        "/Groups", {"schemas": [GROUP], "displayName": "Ops", "members": [{"value": nobody}]}
    )
    assert (answer.status, answer.scim_type) == (400, "invalidValue")
    assert nobody in answer.body["detail"]
    assert scim.get("/Groups").body["totalResults"] == 0


@scim_("B016")
def test_a_missing_primary_is_false(scim):
    scim.user(emails=[{"value": "ada@example.com"}])
    search = "emails[value pr and not (primary eq true)]"
    assert scim.search("/Users", search).body["totalResults"] == 1


@scim_("B019", "B020", "A038")
@pytest.mark.parametrize("nothing", [None, "", []])
def test_null_empty_and_absent_are_one_state(scim, nothing):
    user = scim.user(title="Dr", emails=[{"value": "a@example.com"}])
    body = {"schemas": [USER], "userName": "ada@example.com", "title": nothing, "emails": nothing}
    found = scim.put(f"/Users/{user['id']}", body).body
    assert not {"title", "emails"} & set(found)
    assert scim.search("/Users", "not (title pr) and not (emails pr)").body["totalResults"] == 1


@scim_("B024")
def test_ids_are_the_servers_and_all_different(scim):
    resources = [scim.user(), scim.user("eve@example.com"), scim.group("A"), scim.group("B")]
    ids = [resource["id"] for resource in resources]
    assert len(set(ids)) == 4
    assert not [id for id in ids if "bulkid" in id.lower() or not id]


@scim_("B025", "B026", "B027")
def test_external_ids_are_the_clients_own(scim, other):
    user = scim.user(externalId="E-1")
    assert "externalId" not in other.get(f"/Users/{user['id']}").body
    theirs = other.user("eve@example.com", externalId="E-1")
    assert "externalId" not in scim.user("bob@example.com")
    for client, owned in ((scim, user), (other, theirs)):
        found = client.search("/Users", 'externalId eq "E-1"').body["Resources"]
        assert [resource["id"] for resource in found] == [owned["id"]]
    assert scim.search("/Users", 'externalId eq "e-1"').body["totalResults"] == 0


@scim_("B030")
def test_no_other_location_is_told(scim):
    user = scim.user()
    answer = scim.get(f"/Users/{user['id']}")
    assert (
        answer.headers.get("Content-Location", user["meta"]["location"]) == user["meta"]["location"]
    )


@scim_("B037", "B055", "B049")
def test_every_attribute_is_stored(scim):
    plain = (
        "displayName",
        "nickName",
        "profileUrl",
        "title",
        "userType",
        "preferredLanguage",
        "locale",
        "timezone",
    )
    many = [{"value": "v", "display": "d", "type": "t", "primary": True}]
    sent = {
        **{name: f"https://example.com/{name}" for name in plain},
        "roles": many,
        "entitlements": many,
    }
    names = ("employeeNumber", "costCenter", "organization", "division", "department")
    sent[ENTERPRISE] = {**{name: name for name in names}, "manager": {"value": "M-1"}}
    user = create(scim, **sent).body
    assert sent.items() <= scim.get(f"/Users/{user['id']}").body.items()


@scim_("B039", "B040", "B041", "B068", "B073")
def test_a_password_is_nowhere(scim, caplog, django_user_model):
    secret = "T0p-s3cret-Pass"
    user = scim.user(password=secret)
    path = f"/Users/{user['id']}"
    operation = {"op": "replace", "path": "password", "value": secret}
    answers = [
        user, scim.get(f"{path}?attributes=password").body, scim.patch(path, operation).body,
        scim.search("/Users", f'password eq "{secret}"').body,
        create(scim, userName="eve@example.com", password=[secret]).body,
        scim.get("/ServiceProviderConfig").body["changePassword"],
    ]  # fmt: skip
    assert answers[-1] == {"supported": False}
    assert secret not in str(answers)
    assert secret not in str(list(ProvisioningEvent.objects.values()))
    assert secret not in caplog.text
    for account in django_user_model.objects.all():
        assert secret not in account.password
        assert not account.check_password(secret)


@scim_("B042", "B043", "B018")
def test_addresses_and_numbers_are_kept_as_sent(scim):
    emails = [{"value": "Ada@EXAMPLE.com", "type": "weekend"}]
    numbers = [{"value": "(0047) 22 33", "type": "car"}]
    user = create(scim, emails=emails, phoneNumbers=numbers).body
    assert (user["emails"], user["phoneNumbers"]) == (emails, numbers)
    assert scim.search("/Users", 'emails.value eq "ada@example.COM"').body["totalResults"] == 1


@scim_("B046")
def test_groups_are_not_the_users_to_write(scim):
    group = scim.group()
    user = create(scim, groups=[{"value": group["id"]}]).body
    operation = {"op": "add", "path": "groups", "value": [{"value": group["id"]}]}
    assert scim.patch(f"/Users/{user['id']}", operation).scim_type == "mutability"
    assert "members" not in scim.get(f"/Groups/{group['id']}").body


@scim_("B051")
def test_a_member_is_never_edited(scim):
    user, eve = scim.user(), scim.user("eve@example.com")
    group = scim.group(members=[user["id"]])
    for path in (f'members[value eq "{user["id"]}"].value', "members.value"):
        operation = {"op": "replace", "path": path, "value": eve["id"]}
        assert scim.patch(f"/Groups/{group['id']}", operation).scim_type == "mutability"


@scim_("B067")
def test_case_is_kept_where_it_does_not_count(scim):
    assert scim.user("Ada@Example.COM")["userName"] == "Ada@Example.COM"


@scim_("B069")
def test_returned_holds_under_every_projection(scim):
    boss = scim.user("boss@example.com")
    user = create(scim, password="x", **{ENTERPRISE: {"manager": {"value": boss["id"]}}}).body
    path = f"/Users/{user['id']}"
    assert "$ref" not in user[ENTERPRISE]["manager"]
    assert "id" in scim.get(f"{path}?attributes=title").body
    assert "password" not in scim.get(f"{path}?attributes=password").body
    assert "id" in scim.get(f"{path}?excludedAttributes=id").body
