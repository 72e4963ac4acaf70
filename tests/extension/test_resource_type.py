"""A site's own resource type: declared in one module, and everything there is works on it."""

from __future__ import annotations

from pathlib import Path

import pytest

import tests.extension_site.models as site
from tests.scim_client import ERROR

pytestmark = pytest.mark.django_db
DEVICE = site.DEVICE_SCHEMA.id


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SCIM_PROVISIONING = {
        **settings.SCIM_PROVISIONING,
        "RESOURCES": ["tests.extension_site.models.DEVICE"],
    }


def create(client, serial="SN-1", **attributes):
    return client.post("/Devices", {"schemas": [DEVICE], "serial": serial, **attributes})


@pytest.fixture
def device(scim):
    attributes = {"label": "Phone", "ports": 2, "active": True, "bought": "2026-01-31T08:00:00Z"}
    return create(scim, externalId="d-1", **attributes).body


def test_it_is_one_short_module():
    assert len(Path(site.__file__).read_text().splitlines()) <= 60


@pytest.mark.scim("A006", "A178", "B063")
def test_it_is_advertised(scim):
    found = scim.get("/ResourceTypes/Device").body
    assert (found["endpoint"], found["schema"]) == ("/Devices", DEVICE)
    names = [attribute["name"] for attribute in scim.get(f"/Schemas/{DEVICE}").body["attributes"]]
    assert names == ["serial", "label", "ports", "bought", "active"]


def test_it_is_created_read_replaced_and_deleted(scim, device):
    path = f"/Devices/{device['id']}"
    assert device["meta"]["location"].endswith(path)
    assert scim.get(path).body == device
    replaced = scim.put(path, {"schemas": [DEVICE], "serial": "SN-2"}).body
    assert "label" not in replaced
    assert replaced["meta"]["version"] == 'W/"2"'
    assert scim.delete(path).status == 204
    assert scim.get(path).status == 404
    assert scim.get("/Devices").body["totalResults"] == 0


@pytest.mark.parametrize(
    "text",
    [
        'serial eq "sn-1"', 'label co "PHO"', "ports gt 1", "active eq true", 'externalId eq "d-1"',
        'bought lt "2026-02-01T00:00:00Z"', 'meta.resourceType eq "Device"', f'schemas eq "{DEVICE}"',
        f'{DEVICE}:label pr and not (ports eq 3)',
    ],
)  # fmt: skip
def test_it_is_filtered(scim, device, text):
    create(scim, "SN-9", ports=1)
    found = scim.search("/Devices", text).body
    assert device["id"] in [resource["id"] for resource in found["Resources"]]


def test_unknown_attributes_cannot_be_filtered_by(scim):
    assert scim.search("/Devices", 'userName eq "x"').scim_type == "invalidFilter"


def test_it_is_sorted_and_paged(scim, device):
    create(scim, "SN-0", ports=1)
    found = scim.get("/Devices?sortBy=ports&count=1&attributes=ports").body
    assert (found["totalResults"], found["Resources"][0]["ports"]) == (2, 1)


def test_it_is_patched(scim, device):
    operations = [
        {"op": "replace", "path": "label", "value": "Tablet"},
        {"op": "remove", "path": "ports"},
        {"op": "add", "value": {"active": False}},
    ]
    patched = scim.patch(f"/Devices/{device['id']}", *operations).body
    assert (patched["label"], patched["active"]) == ("Tablet", False)
    assert "ports" not in patched


@pytest.mark.scim("A106", "A117", "B068")
def test_what_is_immutable_is_set_once(scim, device):
    path, other = f"/Devices/{device['id']}", "2026-02-01T08:00:00Z"
    for op in ("add", "replace", "remove"):
        answer = scim.patch(path, {"op": op, "path": "bought", "value": other})
        assert (answer.status, answer.scim_type) == (400, "mutability")
    body = {"schemas": [DEVICE], "serial": "SN-1"}
    assert scim.put(path, {**body, "bought": other}).scim_type == "mutability"
    assert scim.put(path, {**body, "bought": device["bought"]}).status == 200
    assert scim.put(path, body).body["bought"] == device["bought"]


@pytest.mark.scim("A106", "A117")
def test_what_is_immutable_may_be_set_once(scim):
    fresh = create(scim, "SN-3").body
    operation = {"op": "add", "path": "bought", "value": "2026-02-01T08:00:00Z"}
    assert scim.patch(f"/Devices/{fresh['id']}", operation).body["bought"] == operation["value"]


def test_a_taken_name_is_a_conflict(scim, device):
    answer = create(scim, "sn-1")
    assert (answer.status, answer.scim_type) == (409, "uniqueness")
    assert "serial" in answer.body["detail"]


def test_it_is_its_owners(other, scim, device):
    path = f"/Devices/{device['id']}"
    seen = other.get(path).body
    assert "externalId" not in seen
    assert other.patch(path, {"op": "replace", "path": "label", "value": "Mine"}).status == 403
    assert other.delete(path).status == 403


def test_it_is_in_the_ledger(scim, device):
    event = scim.connection.events.get()
    assert (event.resource_type, event.resource_name) == ("Device", "SN-1")
    assert event.changes["label"] == [None, "Phone"]


def test_nobody_finds_it_where_it_is_not_registered(scim, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "RESOURCES": []}
    answer = create(scim)
    assert (answer.status, answer.body["schemas"]) == (404, [ERROR])


@pytest.mark.scim("A055", "A058")
def test_queries_of_everything_find_it_among_the_others(scim, device):
    create(scim, "SN-2", active=False)
    user = scim.user()
    everything = scim.get("/").body
    assert [r["meta"]["resourceType"] for r in everything["Resources"]] == ["Device"] * 2 + ["User"]
    assert scim.search("", "serial pr").body["totalResults"] == 2
    assert scim.search("", "ports eq 2 or userName pr").body["totalResults"] == 2
    found, cursor = [], ""
    while cursor is not None:
        page = scim.get(f"/?sortBy=active&sortOrder=descending&count=1&cursor={cursor}").body
        found += [resource["id"] for resource in page["Resources"]]
        cursor = page.get("nextCursor")
    assert set(found[:2]) == {user["id"], device["id"]}
    assert len(found) == 3


def test_it_walks_sorted_by_numbers(scim):
    for ports in (10, 9, None, 2):
        create(scim, f"SN-{ports}", **({"ports": ports} if ports else {}))
    found, cursor = [], ""
    while cursor is not None:
        page = scim.get(f"/Devices?sortBy=ports&count=1&cursor={cursor}").body
        found += [resource.get("ports") for resource in page["Resources"]]
        cursor = page.get("nextCursor")
    assert found == [2, 9, 10, None]
