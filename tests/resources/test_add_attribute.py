"""One line adds an attribute, and it is found everywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scim_provisioning.protocol.attributes import Attribute, Schema
from scim_provisioning.resources.bindings import Column
from scim_provisioning.resources.user import USER as STOCK
from tests.scim_client import PATCH_OP, USER

pytestmark = pytest.mark.django_db

SITE = "urn:example:params:scim:schemas:extension:site:2.0:User"
TYPE = replace(
    STOCK.declared,
    extensions=(
        *STOCK.declared.extensions,
        Schema(SITE, "SiteUser", "What this site adds", (Attribute("badge"),)),
    ),
)
# The line, and the column: a site adds one by a migration; this one is there and free.
MAPPING = replace(
    STOCK,
    declared=TYPE,
    bindings={
        **{
            key: binding
            for key, binding in STOCK.bindings.items()
            if not key.endswith("costCenter")
        },
        f"{SITE}:badge": Column("cost_center"),
    },
)


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SCIM_PROVISIONING = {"USER_RESOURCE": f"{__name__}.MAPPING"}


@pytest.fixture
def ada(scim):
    return scim.user(schemas=[USER, SITE], **{SITE: {"badge": "B-7"}})


def test_it_is_advertised(scim):
    schema = scim.get(f"/Schemas/{SITE}").body
    assert [attribute["name"] for attribute in schema["attributes"]] == ["badge"]
    extensions = scim.get("/ResourceTypes/User").body["schemaExtensions"]
    assert SITE in [extension["schema"] for extension in extensions]


def test_what_is_no_longer_bound_is_not_advertised(scim):
    enterprise = scim.get("/Schemas").body["Resources"][1]
    assert "costCenter" not in [attribute["name"] for attribute in enterprise["attributes"]]


def test_it_is_written_and_read(scim, ada):
    assert ada[SITE] == {"badge": "B-7"}
    assert SITE in ada["schemas"]
    assert scim.get(f"/Users/{ada['id']}").body == ada


@pytest.mark.parametrize(
    "text", [f'{SITE}:badge eq "b-7"', f"{SITE}:badge pr", f'schemas eq "{SITE}"']
)
def test_it_is_filtered(scim, ada, text):
    assert scim.search("/Users", text).body["totalResults"] == 1


def test_it_is_sorted(scim, ada):
    other = scim.user("eve@example.com", schemas=[USER, SITE], **{SITE: {"badge": "a-1"}})
    listed = scim.get(f"/Users?sortBy={SITE}:badge").body["Resources"]
    assert [user["id"] for user in listed] == [other["id"], ada["id"]]


def test_it_is_patched(scim, ada):
    path = f"/Users/{ada['id']}"
    body = {
        "schemas": [PATCH_OP],
        "Operations": [{"op": "add", "path": f"{SITE}:badge", "value": "C"}],
    }
    assert scim.send("PATCH", path, body).body[SITE] == {"badge": "C"}
    assert SITE not in scim.patch(path, {"op": "remove", "path": f"{SITE}:badge"}).body


def test_it_is_projected(scim, ada):
    path = f"/Users/{ada['id']}"
    assert set(scim.get(f"{path}?attributes={SITE}:badge").body) == {"schemas", "id", SITE}
    assert SITE not in scim.get(f"{path}?excludedAttributes={SITE}").body


def test_it_is_in_the_ledger(scim, ada):
    assert scim.connection.events.get().changes[f"{SITE}:badge"] == [None, "B-7"]
