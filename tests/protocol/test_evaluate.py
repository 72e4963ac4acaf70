"""Filters on documents mean what RFC 7644 section 3.4.2.2 says."""

from __future__ import annotations

import pytest

from scim_provisioning.protocol import urns
from scim_provisioning.protocol.attributes import Attribute, ResourceType, Schema, Type
from scim_provisioning.protocol.errors import InvalidFilter
from scim_provisioning.protocol.evaluate import matches, select
from scim_provisioning.protocol.grammar import parse_filter
from scim_provisioning.protocol.schemas import GROUP_TYPE, USER_TYPE

ADA = {
    "id": "2819C223",
    "externalId": "Ext-1",
    "schemas": [urns.USER, urns.ENTERPRISE_USER],
    "userName": "Ada@Example.com",
    "name": {"familyName": "O'Malley", "givenName": "Ada"},
    "profileUrl": "https://example.com/Ada",
    "active": True,
    "emails": [
        {"value": "ada@work.example", "type": "Work", "primary": True},
        {"value": "ada@home.example", "type": "home"},
        {"value": "ada@old.example"},
    ],
    "x509Certificates": [{"value": "QUJD"}],
    "meta": {"resourceType": "User", "lastModified": "2026-01-31T08:00:00Z"},
    urns.ENTERPRISE_USER: {"department": "R&D", "manager": {"value": "Ab5"}},
}
DEPARTMENT = f"{urns.ENTERPRISE_USER}:department"


def holds(text, document=ADA, **options):
    """Return whether the user meets the filter."""
    return matches(parse_filter(text), document, USER_TYPE, **options)


HOLD = [
    'userName eq "ADA@example.COM"', 'USERNAME eq "ada@example.com"', 'userName sw "ada"',
    'userName ew ".COM"', 'userName co "@"', 'userName gt "ad"', 'userName ge "ada@example.com"',
    'userName lt "b"', 'userName le "ada@example.com"', 'userName ne "x"', 'userName co ""',
    'id eq "2819C223"', 'externalId eq "Ext-1"', 'profileUrl ew "/Ada"', "active eq true",
    "active ne false", 'name.familyName co "o\'m"', "name pr", "meta pr", "emails pr", "schemas pr",
    f'{urns.USER}:userName sw "a"', f'{DEPARTMENT} eq "r&d"', f"{DEPARTMENT} pr",
    f'schemas eq "{urns.ENTERPRISE_USER}"', 'schemas co "core"', 'meta.resourceType eq "User"',
    'meta.lastModified gt "2026-01-31T08:30:00+01:00"', 'meta.lastModified le "2026-01-31T08:00:00"',
    'meta.lastModified eq "2026-01-31T09:00:00.000+01:00"',
    'emails eq "ADA@work.example"', 'emails.value co "home"', 'emails.type eq "work"',
    'emails[type eq "work" and primary eq true]', 'emails[type eq "work"].value sw "ada"',
    'emails[not (type pr)]', "emails[type eq null]", 'emails[type ne "x"]', "emails[primary ne true]",
    'x509Certificates eq "QUJD"', f'{urns.ENTERPRISE_USER}:manager eq "Ab5"',
    f'{urns.ENTERPRISE_USER}:manager.value eq "Ab5"',
    'title ne "x"', "title eq null", "not (title pr)", 'not (title eq "x")', "userName ne null",
    "emails.type pr", "emails.type ne null", "photos eq null", 'photos ne "x"', 'emails.value ne "x"',
    'title pr or userName pr and active eq true', 'not (title pr) and not (nickName pr)',
]  # fmt: skip


@pytest.mark.parametrize("text", HOLD)
def test_a_filter_holds(text):
    assert holds(text)
    assert not holds(f"not ({text})")


FAIL = [
    'id eq "2819c223"', 'externalId eq "ext-1"', 'profileUrl ew "/ada"', 'userName eq "ada"',
    'userName gt "ada@example.com"', 'userName lt "ada@example.com"', "active eq false",
    "title pr", 'title eq "x"', 'title co ""', 'title gt ""', "title ne null", "userName eq null",
    "photos pr", "photos.type pr", 'emails[type eq "work" and value co "home"]',
    'emails[type eq "work"].value eq "ada@home.example"', 'emails[type eq "other"]',
    "emails.type eq null", 'emails.type ne "work"', 'emails ne "ada@work.example"',
    'x509Certificates eq "qujd"', f'schemas eq "{urns.GROUP}"', 'meta.resourceType eq "user"',
    'meta.lastModified lt "2026-01-31T08:00:00Z"', f'{urns.ENTERPRISE_USER}:manager eq "ab5"',
    "title pr and userName pr", 'photos[value co ""]', "addresses pr",
]  # fmt: skip


@pytest.mark.parametrize("text", FAIL)
def test_a_filter_does_not_hold(text):
    assert not holds(text)
    assert holds(f"not ({text})")


@pytest.mark.parametrize("path", ["emails", "emails.type", "title", "photos", "name.givenName"])
@pytest.mark.parametrize("entries", [slice(0, 0), slice(0, 1), slice(2, 3), slice(1, 3)])
def test_null_is_what_is_not_present(path, entries):
    document = {**ADA, "emails": ADA["emails"][entries]}
    assert holds(f"{path} eq null", document) != holds(f"{path} pr", document)
    assert holds(f"{path} ne null", document) == holds(f"{path} pr", document)


def test_null_does_not_ask_for_the_order_of_entries():
    turned = {**ADA, "emails": ADA["emails"][::-1]}
    assert holds("emails.type ne null", turned) == holds("emails.type ne null")


@pytest.mark.parametrize(
    ("text", "there"),
    [("false", True), ("true", True), ("0", True), ('""', False), ("[]", False), ("{}", False)],
)
def test_what_is_empty_is_not_present(text, there):
    values = {"false": False, "true": True, "0": 0, '""': "", "[]": [], "{}": {}}
    assert holds("name pr", {"name": {"givenName": values[text]}}) == there
    assert holds("name.givenName pr", {"name": {"givenName": values[text]}}) == there


REFUSED = [
    'nosuch eq "x"', "nosuch pr", "name.nosuch pr", "userName.value pr", "urn:x:userName pr",
    'name eq "x"', "name eq null", 'meta eq "x"', 'addresses eq "x"', "addresses ne null",
    "active gt true", "active ge false", 'active co "t"', 'x509Certificates gt "QUJD"',
    'active eq "yes"', "active eq 1", "userName eq 1", "userName eq true", "userName gt null",
    'meta.lastModified eq "2026-01-31"', 'meta.lastModified co "2026"',
    "emails[nosuch pr]", "emails[value.x pr]", "emails[urn:x:value pr]", 'emails[primary gt true]',
    'emails[type pr].nosuch eq "x"', 'name[givenName eq "x"]', 'userName[value eq "x"]',
    'schemas[value eq "x"]', 'photos[nosuch eq "x"]', 'password eq "x"', "password pr",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize(
    "around",
    ["{}", "not ({})", "userName pr or {}", "title pr and {}", "{} or userName pr"],
    ids=["alone", "not", "after a true or", "after a false and", "before"],
)
def test_what_has_no_meaning_is_refused_wherever_it_stands(text, around):
    with pytest.raises(InvalidFilter):
        holds(around.format(text))


@pytest.mark.parametrize(
    "text", ['active eq "True"', 'department eq "R&D"', 'manager.value eq "Ab5"']
)
def test_what_entra_sends_is_for_the_lenient_only(text):
    assert holds(text, lenient=True)
    with pytest.raises(InvalidFilter):
        holds(text, lenient=False)


@pytest.mark.parametrize(
    "text", ['members eq "5"', 'members.value eq "5"', 'members[value eq "5"]']
)
def test_members_are_asked_by_value(text):
    node = parse_filter(text)
    assert matches(node, {"members": [{"value": "4"}, {"value": "5"}]}, GROUP_TYPE)
    assert not matches(node, {"members": [{"value": "4"}]}, GROUP_TYPE)


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ('type eq "work"', [0]),
        ("value pr", [0, 1, 2]),
        ('value ew "example" and not (primary eq true)', [1, 2]),
        ("type eq null", [2]),
        ('type ne "home"', [0, 2]),
        ('type eq "work" or type eq "HOME"', [0, 1]),
        ('value eq "nobody"', []),
    ],
)
def test_select_gives_the_positions_of_the_entries(text, positions):
    emails = USER_TYPE.find(None, "emails").attribute
    assert select(parse_filter(text), ADA["emails"], emails) == positions


@pytest.mark.parametrize("text", ["nosuch pr", "primary gt true", "value eq 1"])
def test_a_bad_value_filter_is_refused_where_there_is_no_entry(text):
    with pytest.raises(InvalidFilter):
        select(parse_filter(text), [], USER_TYPE.find(None, "emails").attribute)


def test_a_value_filter_in_a_value_filter_is_refused_in_trees_too():
    nested = parse_filter("emails[type pr]")
    with pytest.raises(InvalidFilter, match="cannot stand"):
        select(nested, ADA["emails"], USER_TYPE.find(None, "emails").attribute)


def test_an_empty_user_has_nothing_to_compare():
    assert not holds('emails eq "x"', {})
    assert holds("emails eq null and name.givenName eq null", {})


NUMBERS = Schema(
    "urn:x", "Scale", "", (Attribute("ratio", Type.DECIMAL), Attribute("count", Type.INTEGER))
)


@pytest.mark.parametrize(
    "text",
    ["ratio eq 0.1", "ratio lt 0.2", "ratio gt 0.09", "count eq 7", "count eq 7.0", "count gt 6.5"],
)
def test_numbers_compare_by_their_decimal_value(text):
    scale = ResourceType("Scale", "/Scales", "", NUMBERS)
    assert matches(parse_filter(text), {"ratio": 0.1, "count": 7}, scale)
