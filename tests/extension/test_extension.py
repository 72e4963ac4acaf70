"""A site's own extension of users, declared in the same module as its resource type."""

from __future__ import annotations

import pytest

from tests.extension_site.models import BADGE_SCHEMA
from tests.scim_client import USER

pytestmark = pytest.mark.django_db
BADGE = BADGE_SCHEMA.id


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SCIM_PROVISIONING = {
        **settings.SCIM_PROVISIONING,
        "USER_RESOURCE": "tests.extension_site.models.USER",
    }


@pytest.fixture
def ada(scim):
    return scim.user(schemas=[USER, BADGE], **{BADGE: {"number": "B-7", "doors": [1, 12]}})


def test_it_is_advertised(scim):
    assert [a["name"] for a in scim.get(f"/Schemas/{BADGE}").body["attributes"]] == [
        "number",
        "doors",
    ]
    extensions = scim.get("/ResourceTypes/User").body["schemaExtensions"]
    assert BADGE in [extension["schema"] for extension in extensions]


@pytest.mark.scim("B032", "B033")
def test_it_is_written_and_read(scim, ada):
    assert (ada["schemas"], ada[BADGE]) == ([USER, BADGE], {"number": "B-7", "doors": [1, 12]})
    assert scim.get(f"/Users/{ada['id']}").body == ada


@pytest.mark.parametrize(
    "text",
    [
        f'{BADGE}:number eq "b-7"',
        f"{BADGE}:doors eq 12",
        f"{BADGE}:number pr",
        f'schemas eq "{BADGE}"',
    ],
)
def test_it_is_filtered(scim, ada, text):
    scim.user("eve@example.com")
    for path in ("", "/Users"):
        found = scim.search(path, text).body["Resources"]
        assert [user["id"] for user in found] == [ada["id"]]


def test_it_is_sorted_patched_projected_and_recorded(scim, ada):
    eve = scim.user("eve@example.com", schemas=[USER, BADGE], **{BADGE: {"number": "a-1"}})
    listed = scim.get(f"/Users?sortBy={BADGE}:number&attributes={BADGE}:number").body["Resources"]
    assert [user["id"] for user in listed] == [eve["id"], ada["id"]]
    assert set(listed[0]) == {"schemas", "id", BADGE}
    operation = {"op": "add", "path": f"{BADGE}:doors", "value": [7]}
    assert scim.patch(f"/Users/{ada['id']}", operation).body[BADGE]["doors"] == [1, 12, 7]
    changes = scim.connection.events.order_by("-id").first().changes
    assert changes == {f"{BADGE}:doors": [[1, 12], [1, 12, 7]]}
