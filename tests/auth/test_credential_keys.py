"""Which credential a request came with: in the ledger and in the counts, without a write."""

from __future__ import annotations

import pytest

from scim_provisioning import counters
from scim_provisioning.models import PersonalAccessToken, ProvisioningEvent, RequestCount
from tests.scim_client import USER

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(scim):
    return f"token:{PersonalAccessToken.objects.get().pk}"


def test_the_ledger_names_the_token_of_a_write(scim, key):
    scim.user()
    scim.post("/Users", {"schemas": [USER]})
    assert list(ProvisioningEvent.objects.values_list("status", "credential_key")) == [
        (400, key),
        (201, key),
    ]


def test_counts_are_kept_apart_by_token(scim, key):
    scim.get("/Users")
    counters.count(scim.connection.pk, None, "GET", 200, "token:0")
    counters.flush()
    rows = RequestCount.objects.values_list("credential_key", "count")
    assert set(rows) == {(key, 1), ("token:0", 1)}


def test_a_password_has_a_name_too(scim):
    user = scim.connection.acting_user
    user.set_password("correct horse")
    user.save()
    scim.token = "correct horse"
    scim.get("/Users", authorization=scim.basic)
    counters.flush()
    assert RequestCount.objects.get().credential_key == "password"
