"""The portal behind nginx, both by the files of ``docs/deploy``: what passes, and what it says."""

from __future__ import annotations

import json
import shutil
import signal
import ssl
from dataclasses import dataclass, replace
from functools import cached_property
from http.client import HTTPSConnection
from pathlib import Path

import psutil
import pytest
import requests

from tests.idp.test_wire import CASES
from tests.idp.wire.run import run_case
from tests.operation.load import Load, body, settle
from tests.operation.portals import Portal, install
from tests.operation.proxies import Proxy, proxied
from tests.peers.processes import free_port
from tests.scim_client import ERROR

MISSING = [program for program in ("nginx", "openssl") if shutil.which(program) is None]
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]
PUBLIC = "https://portal.example.com"
LAST_EVENTS = """
import json
from scim_provisioning.models import ProvisioningEvent as Event
print(json.dumps(list(Event.objects.order_by("-pk").values_list("address", flat=True)[:2])))
"""
CREATED = """
import json
from scim_provisioning.models import ScimUser
print(json.dumps({user.user_name: str(user.pk) for user in ScimUser.objects.all()}))
"""


@dataclass
class Site:
    """A client's view of the portal through the proxy."""

    portal: Portal
    proxy: Proxy
    authorization: str
    master: psutil.Process

    @cached_property
    def session(self):
        session = requests.Session()
        session.headers["Authorization"] = self.authorization
        session.headers["Content-Type"] = "application/scim+json"
        return session

    def send(self, method, path, data=None, **headers):
        url = f"https://127.0.0.1:{self.proxy.https}{path}"
        trusted = str(self.proxy.certificate)
        return self.session.request(
            method, url, data=data, headers=headers, timeout=60, verify=trusted
        )

    def replay(self, method, path, headers, document):
        content = None if document is None else json.dumps(document)
        answer = self.send(method, f"/rest/scim/v2{path}", content, **headers)
        found = answer.json() if answer.content else None
        return answer.status_code, answer.headers, found

    def ask(self, script):
        return json.loads(self.portal.manage("shell", "-v0", "-c", script))


@dataclass
class ProxiedLoad(Load):
    """The load through TLS."""

    certificate: Path | None = None

    def open(self):
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        return HTTPSConnection("127.0.0.1", self.port, timeout=30, context=trusted)


@pytest.fixture(scope="module")
def site(tmp_path_factory, code):
    folder = tmp_path_factory.mktemp("proxied")
    portal = install(folder, code, f"sqlite:///{folder}/db.sqlite3")
    environment = portal.environment | {
        "PUBLIC_URL": PUBLIC,
        "ALLOWED_HOSTS": "portal.example.com,127.0.0.1",
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    portal = replace(portal, environment=environment)
    authorization = portal.connect()
    (folder / "nginx").mkdir()
    with portal.served() as master, proxied(folder / "nginx", portal.port) as proxy:
        yield Site(portal, proxy, authorization, master)


def is_scim_error(answer, status):
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/scim+json")
    assert (answer.json()["schemas"], answer.json()["status"]) == ([ERROR], str(status))
    return True


def test_what_identity_providers_send_passes(site):
    assert {c["id"]: errors for c in CASES if (errors := run_case(c, site.replay))} == {}


def test_locations_are_the_public_ones(site):
    answer = site.send("POST", "/rest/scim/v2/Users", body("location@example.com"))
    assert answer.status_code == 201
    assert answer.headers["Location"].startswith(f"{PUBLIC}/rest/scim/v2/Users/")
    assert answer.json()["meta"]["location"] == answer.headers["Location"]


def test_a_claimed_address_is_not_believed(site):
    claims = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    for name, headers in (("plain@example.com", {}), ("claims@example.com", claims)):
        sent = site.send("POST", "/rest/scim/v2/Users", body(name), **headers)
        assert sent.status_code == 201
    assert site.ask(LAST_EVENTS) == ["127.0.0.1", "127.0.0.1"]


def test_an_address_behind_the_proxy_is_the_clients(site):
    trusted = ssl.create_default_context(cafile=str(site.proxy.certificate))
    connection = HTTPSConnection(
        "127.0.0.1", site.proxy.https, timeout=30, context=trusted, source_address=("127.0.0.9", 0)
    )
    headers = dict(site.session.headers) | {"X-Forwarded-For": "203.0.113.9"}
    connection.request("POST", "/rest/scim/v2/Users", body("far@example.com"), headers)
    assert connection.getresponse().status == 201
    connection.close()
    assert site.ask(LAST_EVENTS)[0] == "127.0.0.9"


def test_another_host_is_refused_as_scim(site):
    assert is_scim_error(site.send("GET", "/rest/scim/v2/Users", Host="evil.example"), 400)
    named = site.send("GET", "/rest/scim/v2/Users?count=1", Host="portal.example.com")
    assert named.status_code == 200


@pytest.mark.parametrize("size", [2, 21], ids=["by the portal", "by nginx"])
def test_too_large_a_body_is_a_scim_error(site, size):
    answer = site.send("POST", "/rest/scim/v2/Users", b" " * (size << 20))
    assert is_scim_error(answer, 413)


def test_metrics_are_not_for_the_world_and_plain_http_goes_to_https(site):
    assert site.send("GET", "/metrics").status_code == 404
    url = f"http://127.0.0.1:{site.proxy.http}/rest/scim/v2/Users?count=1"
    answer = requests.get(url, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (
        308, "https://127.0.0.1/rest/scim/v2/Users?count=1",
    )  # fmt: skip


def test_a_reload_under_load_loses_nothing(site):
    load = ProxiedLoad(site.proxy.https, site.authorization, certificate=site.proxy.certificate)
    load.start()
    try:
        load.goes_on()
        before = {worker.pid for worker in site.master.children()}
        for reloaded in (site.master, site.proxy.process, site.master):
            reloaded.send_signal(signal.SIGHUP)
            load.goes_on(40)
        settle(load)
    finally:
        load.stop()
    assert before.isdisjoint(worker.pid for worker in site.master.children())
    assert set(load.refused) <= {"503 5"}, load.refused
    there = site.ask(CREATED)
    assert {name: there[name] for name in load.acknowledged} == load.acknowledged


def test_a_portal_that_is_away_is_503(tmp_path):
    with proxied(tmp_path, free_port()) as proxy:
        url = f"https://127.0.0.1:{proxy.https}/rest/scim/v2/Users"
        answer = requests.get(url, verify=str(proxy.certificate), timeout=10)
        assert is_scim_error(answer, 503)
        assert answer.headers["Retry-After"] == "5"
