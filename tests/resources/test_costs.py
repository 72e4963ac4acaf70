"""What a filter costs: comparisons that no index answers are counted, and limited."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scim_provisioning.models import MultiValue
from scim_provisioning.protocol.grammar import parse_filter
from scim_provisioning.protocol.policy import TOLERANT
from scim_provisioning.resources import registry
from scim_provisioning.resources.costs import scans
from scim_provisioning.resources.filters import Shaper

pytestmark = pytest.mark.django_db

ID = "2819c223-7f76-453a-919d-413861904646"
CASES = {
    'userName eq "x"': 0,
    'userName sw "x"': 0,
    'userName co "x"': 1,
    'userName ne "x"': 1,
    f'id eq "{ID}"': 0,
    'externalId eq "x"': 0,
    'externalId co "x"': 1,
    'title eq "x"': 1,
    "title pr": 1,
    "emails pr": 1,
    'meta.lastModified gt "2026-01-01T00:00:00Z"': 1,
    'schemas eq "x"': 1,
    'emails.value eq "x"': 0,
    'emails.value ew "x"': 1,
    'emails[type eq "work" and value eq "x"]': 0,
    'emails[type eq "work" or value eq "x"]': 1,
    'emails[type eq "work" and value co "x"]': 2,
    f'groups.value eq "{ID}"': 0,
    'groups.display eq "x"': 1,
    'userName eq "x" or externalId eq "x"': 0,
    'userName eq "x" or title co "x"': 1,
    'userName eq "x" and title co "x"': 0,
    'title eq "x" and active eq true': 2,
    'not (userName eq "x")': 1,
    'not (userName eq "x" and title co "x")': 2,
    'not (emails[type eq "work" and value eq "x"])': 2,
}


@pytest.mark.parametrize(("text", "cost"), CASES.items(), ids=CASES.keys())
def test_what_no_index_answers_is_counted(text, cost):
    mapping = registry.mapping("User")
    assert scans(Shaper(mapping, TOLERANT, []).shape(parse_filter(text)), mapping) == cost


def many(term, count):
    return " or ".join(f'{term} "{i}"' for i in range(count))


@pytest.mark.parametrize("cursor", [{}, {"cursor": ""}], ids=["index", "cursor"])
def test_a_filter_that_asks_every_resource_too_much_is_too_many(scim, cursor):
    assert scim.search("/Users", many("title co", 20), **cursor).status == 200
    answer = scim.search("/Users", many("title co", 21), **cursor)
    assert (answer.status, answer.scim_type) == (400, "tooMany")
    assert answer.body["detail"] == "The filter makes more than 20 comparisons with every resource."


@pytest.mark.parametrize("term", ["userName eq", "externalId eq", "emails.value eq"])
def test_many_names_may_be_asked_at_once(scim, term):
    user = scim.user("ada@example.com", externalId="7", emails=[{"value": "7", "type": "work"}])
    found = scim.search("/Users", f'{many(term, 150)} or id eq "{user["id"]}"').body
    assert [resource["id"] for resource in found["Resources"]] == [user["id"]]


def test_values_of_an_attribute_are_looked_at_once_however_many_are_asked(scim):
    scim.user("ada@example.com", emails=[{"value": "a7@example.com"}])
    scim.user("bob@example.com", emails=[{"value": "b@example.com"}])
    asked = many("emails.value co", 15) + ' or emails[type eq "work" and value eq "x"]'
    with CaptureQueriesContext(connection) as queries:
        assert scim.search("/Users", asked).body["totalResults"] == 1
    looks = [query["sql"].count(f'FROM "{MultiValue._meta.db_table}"') for query in queries]
    # One looks for them, the other shows them.
    assert max(looks) == 2


def test_paths_that_ask_every_member_too_much_are_too_large(scim):
    group = f"/Groups/{scim.group('Ops', [scim.user()['id']])['id']}"
    removals = [{"op": "remove", "path": f'members[display co "{i}"]'} for i in range(21)]
    assert scim.patch(group, *removals[:20]).status == 204
    answer = scim.patch(group, *removals)
    assert (answer.status, "every member" in answer.body["detail"]) == (413, True)


def test_paths_that_name_members_are_not_limited(scim):
    member = scim.user()["id"]
    group = f"/Groups/{scim.group('Ops', [member])['id']}"
    path = f'members[type eq "User" and value eq "{member}"]'
    assert scim.patch(group, *[{"op": "remove", "path": path}] * 40).status == 204
    assert "members" not in scim.get(group).body
