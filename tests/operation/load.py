"""A load of writes over HTTP that keeps account of every one: answered, refused, or neither."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count

from tests.scim_client import USER

CLIENTS = 4
DEADLINE = 60


@dataclass
class Load:
    """Clients that create users without end, half of them over connections that are kept."""

    port: int
    authorization: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    unsure: set[str] = field(default_factory=set)
    """Refused with 503: the database may have gone between its commit and its word for it."""
    running: threading.Event = field(default_factory=threading.Event)
    stopped: bool = False

    def start(self) -> None:
        self.running.set()
        self.threads = [threading.Thread(target=self._client, args=[n]) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.stopped = True
        self.running.set()
        for thread in self.threads:
            thread.join()

    def goes_on(self, more: int = 20) -> None:
        """Wait until so many more writes are acknowledged."""
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + DEADLINE
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, (len(self.acknowledged), self.refused)
            time.sleep(0.02)

    def open(self) -> HTTPConnection:
        """Return a connection to the server, which is made when it is used."""
        return HTTPConnection("127.0.0.1", self.port, timeout=30)

    def _client(self, client: int) -> None:
        connection = None
        for number in count():
            self.running.wait()
            if self.stopped:
                break
            connection = connection or self.open()
            keeps = self._create(connection, f"u{client}-{number}@example.com") and client % 2
            if not keeps:
                connection.close()
                connection = None
        if connection:
            connection.close()

    def _create(self, connection: HTTPConnection, name: str) -> bool:
        """Create a user; return whether the connection can be used again."""
        try:
            if connection.sock is None:
                connection.connect()
        except OSError:
            # Nothing was sent.
            time.sleep(0.02)
            return False
        try:
            connection.request("POST", "/rest/scim/v2/Users", body(name), self._headers())
            answer = connection.getresponse()
            content = json.loads(answer.read())
        except (HTTPException, OSError):
            self.unanswered.add(name)
            return False
        if answer.status == 201:
            self.acknowledged[name] = content["id"]
        else:
            self.unsure.add(name)
            self.refused[f"{answer.status} {answer.getheader('Retry-After')}"] += 1
            time.sleep(0.05)
        return not answer.will_close

    def _headers(self) -> dict[str, str]:
        return {"Authorization": self.authorization, "Content-Type": "application/scim+json"}


def body(name: str) -> str:
    """Return a user that takes rows in several tables."""
    emails = [
        {"value": name, "type": "work", "primary": True},
        {"value": f"x{name}", "type": "home"},
    ]
    return json.dumps(
        {
            "schemas": [USER],
            "userName": name,
            "externalId": f"ext-{name}",
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "emails": emails,
        }
    )


def settle(load: Load) -> None:
    """Let no write begin, and wait until those at hand are answered."""
    load.running.clear()
    before = None
    while before != (now := (len(load.acknowledged), len(load.unanswered), load.refused.total())):
        before = now
        time.sleep(0.3)


def fetch(port: int, path: str) -> str:
    """Return what a page answers."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
