"""The grammar and the matcher agree with scim2-models, an implementation by other people."""

from __future__ import annotations

import re
from random import Random

import pytest
from scim2_models import EnterpriseUser, InvalidFilterException, ScimFilter, User

from scim_provisioning.protocol.errors import InvalidFilter
from scim_provisioning.protocol.evaluate import matches
from scim_provisioning.protocol.grammar import parse_filter
from scim_provisioning.protocol.schemas import USER_TYPE
from tests.filter_generator import filter_text, users

Theirs = ScimFilter[User[EnterpriseUser]]


@pytest.mark.parametrize("seed", range(8))
def test_random_filters_match_alike(seed):
    random = Random(seed)
    bodies = users(random, 12)
    models = [User[EnterpriseUser].model_validate(body) for body in bodies]
    differences = []
    for _ in range(500):
        text = filter_text(random)
        node, theirs = parse_filter(text), Theirs(text)
        for body, model in zip(bodies, models, strict=True):
            ours = matches(node, body, USER_TYPE)
            if ours != theirs.match(model):
                differences.append((text, body, ours))
    assert differences == []


REFUSED_ALIKE = [
    "", "userName", "userName eq", 'userName like "x"', '(userName eq "x"', 'userName eq "x" and',
    'emails[type eq "x"', "userName eq x", 'userName eq "x" or or title pr', "not userName pr",
    "pr", '"x" eq userName', "userName eq 'x'", 'emails[type eq "x" and [value pr]]', "active gt true",
    'name[givenName eq "x"]', "()", "userName pr)",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED_ALIKE)
def test_what_they_refuse_we_refuse(text):
    with pytest.raises(InvalidFilterException):
        Theirs(text)
    with pytest.raises(InvalidFilter):
        matches(parse_filter(text), {"schemas": []}, USER_TYPE)


MUTATIONS = re.compile(r"[()\[\]\" ]")


@pytest.mark.parametrize("seed", range(4))
def test_damaged_filters_are_read_alike(seed):
    random = Random(1000 + seed)
    differences = []
    for _ in range(500):
        text = filter_text(random, 2)
        places = [found.start() for found in MUTATIONS.finditer(text)]
        place = random.choice(places)
        damaged = text[:place] + random.choice(["", "(", ")", "[", '"']) + text[place + 1 :]
        if _ours(damaged) != _theirs(damaged):
            differences.append((damaged, _ours(damaged)))
    assert differences == []


def _ours(text: str) -> bool:
    try:
        matches(parse_filter(text), {"schemas": []}, USER_TYPE)
    except InvalidFilter:
        return False
    return True


def _theirs(text: str) -> bool:
    try:
        Theirs(text)
    except InvalidFilterException:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        'emails[type eq "work"].value eq "a@example.com"',
        'Emails[ Type EQ "work" AND primary eq True ] Or not(active eq false)',
        'userName eq "\\"quoted\\" \\u00e9"',
        "externalId eq null",
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "x"',
    ],
)
def test_both_read_what_is_unusual(text):
    """The first is no text of the RFC's: Microsoft Entra ID looks people up by it."""
    assert _theirs(text)
    assert _ours(text)
