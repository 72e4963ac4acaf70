"""scim2-tester, a conformance suite by other people, over real HTTP."""

from __future__ import annotations

import pytest
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.scim_client import WANTS_EMAIL

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.once,
    pytest.mark.skipif(WANTS_EMAIL, reason="its user names are no e-mail addresses"),
]


def test_every_check_passes(scim, live_server):
    base = f"{live_server.url}/rest/scim/v2"
    with Client(base_url=base, headers={"Authorization": scim.bearer}) as http:
        client = SyncSCIMClient(http)
        client.discover()
        results = check_server(client)
    bad = (Status.ERROR, Status.CRITICAL)
    wrong = [(r.title, r.reason) for r in results if r.status in bad]
    assert wrong == []
    assert sum(result.status is Status.SUCCESS for result in results) > 100
