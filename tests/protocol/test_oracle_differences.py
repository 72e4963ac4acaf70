"""Where filters mean something else here than in scim2-models, and why: all that is known."""

from __future__ import annotations

import pytest
from scim2_models import EnterpriseUser, InvalidFilterException, ScimFilter, User

from scim_provisioning.protocol.errors import InvalidFilter
from scim_provisioning.protocol.evaluate import matches
from scim_provisioning.protocol.grammar import parse_filter
from scim_provisioning.protocol.schemas import USER_TYPE
from tests.scim_client import ENTERPRISE, USER

BODY = {
    "schemas": [USER, ENTERPRISE],
    "userName": "Ada",
    "active": True,
    "displayName": "\uff21da",
    "externalId": "E\u0301",
    "profileUrl": "https://x",
    "emails": [{"value": "a@x.org", "type": "work"}, {"value": "b@x.org"}],
    "x509Certificates": [{"value": "QUJD"}],
    "meta": {"resourceType": "User", "created": "2026-01-31T08:00:00Z"},
    ENTERPRISE: {"department": "R&D", "manager": {"value": "5"}},
}
REFUSED = "refused"

# The reason, the filter, our answer, theirs.
DIFFERENCES = [
    ("an unknown attribute is an error", 'nosuch eq "x"', REFUSED, False),
    ("also beside one that holds", 'userName eq "ada" or nosuch eq "y"', REFUSED, True),
    ("also in a value filter", 'emails[nosuch eq "x"]', REFUSED, False),
    ("names are the schema's, not Python's", 'user_name eq "ada"', REFUSED, True),
    ("Entra leaves the URN out", 'department eq "R&D"', True, False),
    ("the value of a complex attribute", f'{ENTERPRISE}:manager eq "5"', True, False),
    ("complex without a value", 'name eq "x"', REFUSED, False),
    ("complex without a value, and null", "name eq null", REFUSED, True),
    ("value filters need sub-attributes", 'schemas[value eq "urn:x"]', REFUSED, False),
    ("URNs of schemas are references", f'schemas eq "{USER.upper()}"', False, True),
    ("null is no value in any entry", "emails.type eq null", False, True),
    ("not null is a value in some entry", "emails.type ne null", True, False),
    ("two words are booleans", 'active eq "yes"', REFUSED, True),
    ("numbers are not booleans", "active eq 1", REFUSED, True),
    ("numbers are not moments", "meta.created gt 5", REFUSED, True),
    ("moments have a time", 'meta.created gt "2026-01-01"', REFUSED, False),
    ("moments have no parts", 'meta.created co "2026"', REFUSED, False),
    ("moments are UTC by default", 'meta.created eq "2026-01-31T08:00:00"', True, False),
    ("numbers are not strings", "userName co 5", REFUSED, False),
    ("null has no order", "userName gt null", REFUSED, False),
    ("width does not count", 'displayName eq "ada"', True, False),
    ("case-exact is by code point", 'externalId eq "\u00c9"', False, True),
    ("binary is its base64", 'x509Certificates.value co "Q"', True, REFUSED),
    ("references have an order", 'profileUrl gt "http"', True, REFUSED),
    ("password is not filtered on", 'password eq "x"', REFUSED, False),
    ("a raw tab may stand in a string", 'userName ne "a\tb"', True, REFUSED),
    ("any space may stand between words", "userName\u00a0pr", True, REFUSED),
    ("databases cannot hold NUL", 'userName eq "\\u0000"', REFUSED, False),
    ("nor half of a surrogate pair", 'userName eq "\\ud83d"', REFUSED, False),
    ("no space around a path's dot", 'emails[type eq "work"] . value pr', REFUSED, True),
    ("depth is 50, not 32", "not (" * 34 + "userName pr" + ")" * 34, True, REFUSED),
]


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [pytest.param(*case, id=reason) for reason, *case in DIFFERENCES],
)
def test_a_known_difference_is_still_one(text, ours, theirs):
    assert ours != theirs
    assert answer(lambda: matches(parse_filter(text), BODY, USER_TYPE)) == ours
    model = User[EnterpriseUser].model_validate(BODY)
    assert answer(lambda: ScimFilter[User[EnterpriseUser]](text).match(model)) == theirs


def answer(ask):
    """Return what an implementation answers, a refusal included."""
    try:
        return ask()
    except (InvalidFilter, InvalidFilterException):
        return REFUSED
