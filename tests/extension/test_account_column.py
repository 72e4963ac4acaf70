"""A column of the site's own users as an attribute, read where it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model

from scim_provisioning.protocol.attributes import Attribute, Mutability, Schema, Type
from scim_provisioning.resources.site import AccountColumn, extended
from scim_provisioning.resources.user import USER as STOCK
from tests.scim_client import USER as CORE

pytestmark = pytest.mark.django_db
URN = "urn:example:params:scim:schemas:extension:seen:2.0:User"
SCHEMA = Schema(
    URN,
    "Seen",
    "When somebody was here",
    (
        Attribute("at", Type.DATETIME, mutability=Mutability.READ_ONLY),
        Attribute("secret", mutability=Mutability.READ_ONLY, case_exact=True),
        Attribute("folded", mutability=Mutability.READ_ONLY),
    ),
)
USER = extended(
    STOCK,
    SCHEMA,
    {
        "at": AccountColumn("user__last_login"),
        "secret": AccountColumn("user__password"),
        "folded": AccountColumn("user__password"),
    },
)


@pytest.fixture(autouse=True)
def _site(settings):
    path = f"{__name__}.USER"
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "USER_RESOURCE": path}


@pytest.fixture
def ada(scim):
    made = scim.user()
    seen = datetime(2026, 1, 2, 3, tzinfo=UTC)
    get_user_model().objects.filter(scim=made["id"]).update(last_login=seen, password="Abc")
    return made


def test_it_is_read_and_answered(scim, ada):
    found = scim.get(f"/Users/{ada['id']}").body
    assert (found[URN]["at"], found[URN]["secret"]) == ("2026-01-02T03:00:00Z", "Abc")
    assert URN in found["schemas"]
    path = f"/Users/{ada['id']}"
    patched = scim.patch(path, {"op": "replace", "path": "title", "value": "Dr"}).body
    assert patched[URN] == found[URN]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'{URN}:at eq "2026-01-02T03:00:00Z"', True),
        (f'{URN}:at gt "2026-01-02T03:00:00Z"', False),
        (f'{URN}:secret sw "Ab"', True),
        (f'{URN}:secret sw "ab"', False),
    ],
)
def test_it_is_filtered(scim, ada, text, found):
    named = [u["id"] for u in scim.search("/Users", text).body.get("Resources", [])]
    assert named == ([ada["id"]] if found else [])


def test_it_is_sorted_by(scim, ada):
    assert scim.get(f"/Users?sortBy={URN}:at").status == 200


def test_folded_text_is_refused_in_filters(scim, ada):
    answer = scim.search("/Users", f'{URN}:folded eq "abc"')
    assert (answer.status, answer.scim_type) == (400, "invalidFilter")


def test_clients_cannot_write_it(scim, ada):
    operation = {"op": "replace", "path": f"{URN}:secret", "value": "x"}
    answer = scim.patch(f"/Users/{ada['id']}", operation)
    assert (answer.status, answer.scim_type) == (400, "mutability")
    body = {"schemas": [CORE, URN], "userName": "ada@example.com", URN: {"secret": "x"}}
    assert scim.put(f"/Users/{ada['id']}", body).body[URN]["secret"] == "Abc"
