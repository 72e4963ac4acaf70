"""A closed-loop load tool for SCIM servers: every operation for some seconds, by a few clients.

Run alone, it measures one server and writes JSON; ``run.py`` uses it as a module. The
server has to hold the directory that ``manage.py seed_directory`` makes: it is explored
through the API itself, so that any SCIM server seeded alike can be measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
NO_MEMBERS = {"excludedAttributes": "members"}
COUNT_SQL = {"X-Count-SQL": "1"}
EMPTY = re.compile(rb'"totalResults": ?0\b')
MAY_BE_EMPTY = {"f_userName_absent", "f_group_externalId"}
STAGGER = 0.1
"""Seconds between two clients that come."""
TIMING = re.compile(r"\bdb;dur=([\d.]+);desc=\"?(\d+)")


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    path: str
    params: dict[str, str] | None = None
    body: Any = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; status 0 is a broken connection."""

    status: int
    seconds: float
    body: bytes
    headers: Any


@dataclass
class Target:
    """A server under load, and what was found in its directory."""

    label: str
    base: str
    auth: str
    users: int
    session: aiohttp.ClientSession
    big_size: int = 0
    big: str = ""
    sample: list[dict[str, Any]] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    paused: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    refilling: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, call: Call, extra: dict[str, str] | None = None) -> Reply:
        """Send a request and read the whole answer."""
        headers = {"Authorization": self.auth, "Accept": "application/scim+json"}
        data = None
        if call.body is not None:
            data = json.dumps(call.body)
            headers["Content-Type"] = "application/scim+json"
        headers |= extra or {}
        started = time.perf_counter()
        try:
            async with self.session.request(
                call.method, self.base + call.path, params=call.params, data=data, headers=headers
            ) as answer:
                body = await answer.read()
                return Reply(answer.status, time.perf_counter() - started, body, answer.headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Reply(0, time.perf_counter() - started, repr(error).encode(), {})

    async def explore(self, size: int) -> None:
        """Find the ids of some users, half of them outside the big group, and of that group."""
        self.big_size = self.big_size or self.users // 2
        numbers = self.chance.sample(range(1, self.users + 1), min(size, self.users))
        if not self.big:
            found = await self._find("/Groups", 'displayName eq "big"', NO_MEMBERS)
            self.big = found["id"]
        for number in numbers:
            user = await self._find("/Users", f'userName eq "{user_name(number)}"')
            self.sample.append(user)
            if number > self.big_size:
                self.outside.append(user["id"])
        # A run that was broken off may have left some of them inside.
        await self.send(self._members("remove", self.outside))

    async def _find(
        self, path: str, filter_: str, params: dict[str, str] | None = None
    ) -> dict[str, Any]:
        reply = await self.send(Call("GET", path, {"filter": filter_, **(params or {})}))
        body = json.loads(reply.body) if reply.status == 200 else {}
        if not body.get("Resources"):
            sys.exit(f"{self.label}: {filter_} answered {reply.status}: seed the directory first.")
        found: dict[str, Any] = body["Resources"][0]
        return found

    def user(self) -> dict[str, Any]:
        """Return one of the users that were found."""
        return self.chance.choice(self.sample)

    def any_name(self) -> str:
        """Return the name of any seeded user."""
        return user_name(self.chance.randint(1, self.users))

    def _members(self, verb: str, ids: Iterable[str]) -> Call:
        value = [{"value": identifier} for identifier in ids]
        return self.patch(f"/Groups/{self.big}", {"op": verb, "path": "members", "value": value})

    def patch(self, path: str, operation: dict[str, Any]) -> Call:
        """Return a PATCH of one operation."""
        return Call("PATCH", path, None, {"schemas": [PATCH_OP], "Operations": [operation]})

    async def member(self, verb: str, *, by_path: bool = False) -> Call:
        """Return a change that is one: who is added was outside, who is removed was inside."""
        async with self.refilling:
            source, sink = self.outside, self.inside
            if verb == "remove":
                source, sink = sink, source
            if not source:
                await self._turn(verb, source, sink)
            identifier = source.pop()
            sink.append(identifier)
        if by_path:
            path = f'members[value eq "{identifier}"]'
            return self.patch(f"/Groups/{self.big}", {"op": verb, "path": path})
        return self._members(verb, [identifier])

    async def _turn(self, verb: str, source: list[str], sink: list[str]) -> None:
        """Move everybody back, outside the measured time."""
        started = time.perf_counter()
        await self.send(self._members("add" if verb == "remove" else "remove", sink))
        source += sink
        sink.clear()
        self.paused += time.perf_counter() - started


def user_name(number: int) -> str:
    """Return the userName of a seeded user."""
    return f"user{number:06d}@example.com"


def new_user(name: str) -> dict[str, Any]:
    """Return the body of a user as an identity provider sends it."""
    return {
        "schemas": [USER],
        "userName": name,
        "externalId": str(uuid.uuid4()),
        "active": True,
        "displayName": "A B",
        "name": {"givenName": "A", "familyName": "B"},
        "emails": [{"value": name, "type": "work", "primary": True}],
    }


def _create(t: Target) -> Call:
    return Call("POST", "/Users", None, new_user(f"l{uuid.uuid4().hex[:14]}@example.com"))


def _put(t: Target) -> Call:
    user = t.user()
    body = new_user(user["userName"]) | {"externalId": user.get("externalId")}
    body["name"]["familyName"] = uuid.uuid4().hex[:6]
    return Call("PUT", f"/Users/{user['id']}", None, body)


def _activate(t: Target, *, with_path: bool) -> Call:
    """Turn a user on or off: never what it is already."""
    user = t.user()
    user["active"] = not user.get("active", True)
    operation: dict[str, Any] = {"op": "replace", "value": {"active": user["active"]}}
    if with_path:
        operation = {"op": "Replace", "path": "active", "value": user["active"]}
    return t.patch(f"/Users/{user['id']}", operation)


def _filter(text: str, path: str = "/Users", **params: str) -> Call:
    return Call("GET", path, {"filter": text, **params})


def _page(path: str, start: int, **params: str) -> Call:
    return Call("GET", path, {"startIndex": str(start), "count": "100", **params})


def _group_name(t: Target) -> str:
    return f"group-{t.chance.randint(2, max(2, min(1000, t.users // 100)))}"


OPERATIONS: dict[str, Callable[[Target], Any]] = {
    "spc": lambda t: Call("GET", "/ServiceProviderConfig"),
    "create": _create,
    "get": lambda t: Call("GET", f"/Users/{t.user()['id']}"),
    "f_userName": lambda t: _filter(f'userName eq "{t.any_name()}"'),
    "f_userName_absent": lambda t: _filter(f'userName eq "nobody{t.chance.random()}"'),
    "f_externalId": lambda t: _filter(f'externalId eq "{t.user().get("externalId")}"'),
    "f_emails_value": lambda t: _filter(f'emails.value eq "{t.any_name()}"'),
    "f_emails_work_value": lambda t: _filter(f'emails[type eq "work"].value eq "{t.any_name()}"'),
    "f_userName_sw": lambda t: _filter(f'userName sw "{t.any_name()[:9]}"', count="100"),
    "f_active": lambda t: _filter("active eq true", count="100"),
    "list_page1": lambda t: _page("/Users", 1),
    "list_deep": lambda t: _page("/Users", int(t.users * 0.9) + 1),
    "patch_active_nopath": lambda t: _activate(t, with_path=False),
    "patch_active_path": lambda t: _activate(t, with_path=True),
    "put": _put,
    "group_add1": lambda t: t.member("add"),
    "group_remove1_value": lambda t: t.member("remove"),
    "group_remove1_path": lambda t: t.member("remove", by_path=True),
    "group_get_excl": lambda t: Call("GET", f"/Groups/{t.big}", NO_MEMBERS),
    "group_get": lambda t: Call("GET", f"/Groups/{t.big}"),
    "f_group_displayName": lambda t: _filter(
        f'displayName eq "{_group_name(t)}"', "/Groups", **NO_MEMBERS
    ),
    "f_group_externalId": lambda t: _filter(f'externalId eq "{uuid.uuid4()}"', "/Groups"),
    "groups_page_excl": lambda t: _page("/Groups", 1, **NO_MEMBERS),
}


async def _next(target: Target, operation: str) -> Call:
    made = OPERATIONS[operation](target)
    call: Call = made if isinstance(made, Call) else await made
    return call


def sql_cost(headers: Any) -> tuple[int, float] | None:
    """Return the number of statements and their milliseconds, where the server tells."""
    if "X-SQL-Count" in headers:
        return int(headers["X-SQL-Count"]), float(headers["X-SQL-Ms"])
    told = TIMING.search(headers.get("Server-Timing", "").replace(" ", ""))
    return (int(told[2]), float(told[1])) if told else None


async def count_statements(target: Target, operation: str, times: int = 5) -> int | None:
    """Return how many SQL statements an operation takes, once warm; None where nobody tells."""
    costs = []
    for _ in range(times):
        reply = await target.send(await _next(target, operation), COUNT_SQL)
        if (cost := sql_cost(reply.headers)) is not None:
            costs.append(cost[0])
    return statistics.mode(costs[1:] or costs) if costs else None


def _outcome(operation: str, reply: Reply) -> str:
    """Return the status, or ``empty`` for a filter that overlooks what is there."""
    looks = operation.startswith("f_") and operation not in MAY_BE_EMPTY
    return "empty" if looks and EMPTY.search(reply.body) else str(reply.status)


async def measure(
    target: Target, operation: str, *, seconds: float, clients: int, least: int = 4
) -> dict[str, Any]:
    """Load one operation for some seconds, at least ``least`` requests; return its figures.

    Clients come one by one, or whichever of the server's workers wakes first gets all of their
    connections; what they send until all are there does not count.
    """
    times: list[float] = []
    statuses: Counter[str] = Counter()
    target.paused, begin = 0.0, time.perf_counter() + STAGGER * clients

    async def client(number: int) -> None:
        await asyncio.sleep(STAGGER * number)
        while (now := time.perf_counter()) - begin - target.paused < seconds or len(times) < least:
            reply = await target.send(await _next(target, operation))
            if now < begin:
                continue
            times.append(reply.seconds)
            statuses[_outcome(operation, reply)] += 1

    await asyncio.gather(*map(client, range(clients)))
    elapsed = time.perf_counter() - begin - target.paused
    times.sort()
    return {
        "op": operation,
        "label": target.label,
        "n": len(times),
        "rps": round(len(times) / elapsed, 2),
        "p50_ms": round(statistics.median(times) * 1000, 2),
        "p95_ms": round(times[max(0, int(len(times) * 0.95) - 1)] * 1000, 2),
        "max_ms": round(times[-1] * 1000, 2),
        "statuses": dict(statuses),
        "sql": None,
    }


def session(clients: int) -> aiohttp.ClientSession:
    """Return an HTTP client that keeps one connection per simulated client."""
    limit = aiohttp.TCPConnector(limit=clients * 2)
    return aiohttp.ClientSession(connector=limit, timeout=aiohttp.ClientTimeout(total=600))


async def main(options: argparse.Namespace) -> None:
    """Measure one server and write the figures."""
    rows: list[dict[str, Any]] = []
    async with session(options.clients) as http:
        target = Target(options.label, options.base, options.auth, options.users, http)
        target.big = options.big_group
        await target.explore(options.sample)
        for _ in range(options.rounds):
            for name in options.ops.split(",") if options.ops else OPERATIONS:
                sql = await count_statements(target, name, times=2)
                row = await measure(target, name, seconds=options.seconds, clients=options.clients)
                rows.append(row | {"sql": sql})
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
                await asyncio.to_thread(Path(options.out).write_text, json.dumps(rows, indent=1))


def arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--base", required=True, help="http://127.0.0.1:8000/rest/scim/v2")
    parser.add_argument("--auth", required=True, help="the Authorization header: 'Bearer …'")
    parser.add_argument("--label", default="server")
    parser.add_argument("--users", type=int, default=100_000, help="seeded users")
    parser.add_argument("--big-group", default="", help="its id, where no filter finds it")
    parser.add_argument("--ops", default="", help="operations, separated by commas; default all")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--sample", type=int, default=200, help="users whose ids are looked up")
    parser.add_argument("--out", default="load.json")
    return parser


if __name__ == "__main__":
    asyncio.run(main(arguments().parse_args()))
