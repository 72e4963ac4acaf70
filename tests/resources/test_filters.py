"""Filters on the database agree with filters on documents, whatever the database."""

from __future__ import annotations

from random import Random

import pytest

from scim_provisioning.protocol.evaluate import matches
from scim_provisioning.protocol.grammar import parse_filter
from scim_provisioning.resources import registry
from tests.filter_generator import filter_text, users
from tests.scim_client import ENTERPRISE, WANTS_EMAIL

pytestmark = pytest.mark.django_db


def found(scim, endpoint, text):
    answer = scim.search(endpoint, text, count=1000)
    assert answer.status == 200, (text, answer.body)
    return {resource["id"] for resource in answer.body.get("Resources", [])}


WORDS_OF = ["Ada", "rowe", "X"]


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.any_user) for seed in (1, 2, 3))]
)
def test_random_filters_find_what_matches(scim, seed):
    random = Random(seed)
    type_ = registry.mapping("User").resource_type
    stored = []
    for number, body in enumerate(users(random, 15)):
        made = scim.post(
            "/Users", {**body, "userName": f"{WORDS_OF[number % 3]}{number}@Example.com"}
        )
        assert made.status == 201, made.body
        stored.append(made.body)
    differences = []
    for _ in range(150):
        text = filter_text(random)
        expected = {user["id"] for user in stored if matches(parse_filter(text), user, type_)}
        if expected != found(scim, "/Users", text):
            differences.append(text)
    assert differences == []


@pytest.fixture
def ada(scim):
    boss = scim.user("boss@example.com")
    extension = {"department": "R&D", "manager": {"value": boss["id"]}}
    return scim.user(
        "Ada@Example.com",
        externalId="Ext-1",
        active=True,
        profileUrl="https://example.com/Ada",
        name={"formatted": "Ada Rowe"},
        emails=[{"value": "Ada@Mail.example", "type": "Work", "primary": True}],
        x509Certificates=[{"value": "TUlJQw=="}],
        photos=[{"value": "https://example.com/A.png", "type": "photo"}],
        **{ENTERPRISE: extension},
    )


MATCHING = [
    'id eq "{id}"', 'id sw "{head}"', 'id co "-"', 'id ew "{tail}"', "id pr", 'id ge "0"',
    'externalId eq "Ext-1"', 'externalId co "xt-"', "externalId pr", 'externalId gt "E"',
    'userName eq "ADA@EXAMPLE.COM"', 'userName sw "aDa"', 'userName gt "ad"', 'USERNAME co "@"',
    'meta.resourceType eq "User"', 'meta.created gt "2020-01-01T00:00:00Z"',
    'meta.created eq "{created}"', 'meta.lastModified ge "{created}"', 'meta.version eq "W/\\"1\\""',
    'meta.location eq "{location}"', 'meta.location ew "{tail}"', "meta.location pr", "meta pr",
    'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"', "schemas pr",
    'schemas co "core"', 'not (schemas eq "urn:x")',
    'profileUrl eq "https://example.com/Ada"', 'profileUrl sw "https"', "name pr",
    'emails eq "ada@mail.EXAMPLE"', 'emails.value ew "EXAMPLE"', 'emails[type eq "work" and primary eq true]',
    'emails[type eq "work"].value eq "ada@mail.example"', 'emails[primary eq "True"]', "emails pr",
    'emails.type eq "WORK"', 'emails[not (type eq "home")]', 'not (emails[type eq "home"])',
    'x509Certificates.value eq "TUlJQw=="', 'x509Certificates.value sw "TUl"', "x509Certificates pr",
    'photos.value ew "A.png"', 'photos[value co "A"]',
    "{ent}:department eq \"r&d\"", "{ent}:manager.value eq \"{manager}\"", 'manager eq "{manager}"',
    "{ent}:manager.$ref ew \"{manager}\"", "{ent}:manager.$ref pr", "{ent}:manager pr", "manager pr",
    'active eq true', 'active eq "True"', "active ne false", "not (active eq false)",
    "title eq null", "not (title pr)", "userName ne null", 'title ne "x"', 'emails.display ne "x"',
    'groups.display eq "OPS"', 'groups.value eq "{group}"', 'groups.$ref ew "{group}"', "groups pr",
    'groups.type eq "direct"', 'groups[display sw "o" and value eq "{group}"]', 'groups co "-"',
    'userName eq "x" or emails co "mail"', 'externalId eq "Ext-1" or groups.display eq "none"',
]  # fmt: skip
OTHERS = [
    'id eq "{upper}"', 'externalId eq "ext-1"', 'profileUrl eq "https://example.com/ada"',
    'x509Certificates.value eq "tUlJQw=="', 'photos.value ew "a.PNG"', 'meta.version eq "W/\\"2\\""',
    'emails[type eq "work" and value eq "other"]', 'groups.display eq "none"', "title pr",
    'active eq false', 'meta.created lt "2020-01-01T00:00:00Z"', 'schemas eq "urn:x"',
    '{ent}:manager.value eq "{managerupper}"', 'meta.resourceType eq "Group"', "emails.display pr",
]  # fmt: skip


def filled(scim, ada, text):
    group = scim.group("Ops", [ada["id"]])
    manager = ada[ENTERPRISE]["manager"]["value"]
    facts = {
        "{id}": ada["id"], "{head}": ada["id"][:13], "{tail}": ada["id"][-13:],
        "{upper}": ada["id"].upper(), "{created}": ada["meta"]["created"],
        "{location}": ada["meta"]["location"], "{ent}": ENTERPRISE, "{group}": group["id"],
        "{managerupper}": manager.upper() + "X", "{manager}": manager,
    }  # fmt: skip
    for name, value in facts.items():
        text = text.replace(name, value)
    return text


@pytest.mark.parametrize("text", MATCHING)
def test_every_attribute_can_be_filtered(scim, ada, text):
    assert ada["id"] in found(scim, "/Users", filled(scim, ada, text))


@pytest.mark.parametrize("text", OTHERS)
def test_what_does_not_match_is_not_found(scim, ada, text):
    assert ada["id"] not in found(scim, "/Users", filled(scim, ada, text))


@pytest.mark.parametrize(
    "text",
    [
        'displayName eq "OPS"', 'displayName sw "o"', 'members eq "{id}"', 'members.value eq "{id}"',
        'members[value eq "{id}"]', 'members.display eq "ada@example.com"', "members pr",
        'members.$ref ew "{id}"', 'members.type eq "user"', 'not (members[value eq "x"])',
        'id eq "{group}" and members eq "{id}"', 'meta.resourceType eq "Group"',
    ],
)  # fmt: skip
def test_groups_can_be_filtered(scim, ada, text):
    filled_text = filled(scim, ada, text)
    assert len(found(scim, "/Groups", filled_text)) == 1


def test_an_or_of_two_value_paths_finds_a_user_once(scim, ada):
    text = 'emails[type eq "work"] or emails[value co "mail"]'
    answer = scim.search("/Users", text)
    assert answer.body["totalResults"] == len(answer.body["Resources"]) == 1


def test_and_binds_tighter_than_or(scim, ada):
    assert found(scim, "/Users", 'active eq true or active eq true and userName eq "x"')
    assert not found(scim, "/Users", '(active eq true or active eq true) and userName eq "x"')


WIDE = "\uff21\uff44\uff41"


@pytest.mark.skipif(WANTS_EMAIL, reason="the user model takes e-mail addresses only")
def test_width_and_composition_do_not_count(scim):
    user = scim.user("Jose\u0301")
    assert found(scim, "/Users", 'userName eq "JOS\u00c9"') == {user["id"]}
    ada = scim.user("ada")
    assert found(scim, "/Users", f'userName eq "{WIDE}"') == {ada["id"]}
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": WIDE}
    assert scim.post("/Users", body).status == 409
