"""The benchmark in one command: a fresh database, a seeded directory, gunicorn, and the table.

``python benchmarks/run.py`` measures the portal; with ``--peer-base`` another server is
loaded in turns with it, operation by operation. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import statistics
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from load import OPERATIONS, Target, count_statements, measure, session
from serving import Site, base, database, memory, of_the_wheel, prepare, served, sized
from tqdm import tqdm

PASSWORD = "basic_password"
TABLE = {
    "create": "POST user",
    "get": "GET user",
    "f_userName": "filter userName eq",
    "f_externalId": "filter externalId eq",
    "f_emails_work_value": 'filter emails[type eq "work"].value eq',
    "list_page1": "list 100, first page",
    "list_deep": "list 100, at nine tenths",
    "patch_active_path": "PATCH active",
    "put": "PUT user",
    "group_add1": "add one member of the big group",
    "group_remove1_value": "remove one member of it",
    "group_get_excl": "GET big group without members",
    "f_group_displayName": "filter group displayName eq",
    PASSWORD: "GET user, Basic with a password",
}
Rows = list[dict[str, Any]]


async def load_in_turns(
    targets: list[Target], options: argparse.Namespace, names: list[str]
) -> Rows:
    """Measure every operation on every target, round by round, one target at a time."""
    rows: Rows = []
    steps = options.rounds * len(names) * len(targets)
    with tqdm(total=steps, unit="op", disable=not sys.stderr.isatty()) as bar:
        for _ in range(options.rounds):
            for name in names:
                for target in targets:
                    rows.append(await _measure(target, name, options))
                    bar.update(1)
    return rows


async def _measure(target: Target, name: str, options: argparse.Namespace) -> dict[str, Any]:
    # Whether a server's workers share the connections fairly is chance: each round has its own.
    async with session(options.clients) as target.session:
        return await _measure_once(target, name, options)


async def _measure_once(target: Target, name: str, options: argparse.Namespace) -> dict[str, Any]:
    if name != PASSWORD:
        return await measure(target, name, seconds=options.seconds, clients=options.clients)
    kept, target.auth = target.auth, options.passwords.get(target.label, target.auth)
    try:
        row = await measure(target, "get", seconds=options.seconds, clients=options.clients)
    finally:
        target.auth = kept
    return row | {"op": PASSWORD}


async def count_all(
    target: Target, names: list[str], options: argparse.Namespace
) -> dict[str, Any]:
    """Return the statements of each operation."""
    counts = {}
    for name in names:
        kept = target.auth
        target.auth = options.passwords.get(target.label, kept) if name == PASSWORD else kept
        counts[name] = await count_statements(target, "get" if name == PASSWORD else name)
        target.auth = kept
    return counts


async def explored(
    http: aiohttp.ClientSession, label: str, url: str, auth: str, options: argparse.Namespace
) -> Target:
    """Return a target whose directory is known."""
    target = Target(label, url, auth, options.users, http)
    target.big = options.peer_big_group if label == "peer" else ""
    await target.explore(options.sample)
    return target


async def compare(site: Site, options: argparse.Namespace, names: list[str]) -> None:
    """Measure the portal, and the peer in turns with it where one is given; print the table."""
    auth = f"Bearer {site.token}"
    options.passwords["portal"] = basic(site)
    async with session(options.clients) as http:
        with served(site, options.port, timing=True):
            counting = await explored(http, "portal", base(options.port), auth, options)
            sql = await count_all(counting, names, options)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(session(options.clients))
        process = stack.enter_context(served(site, options.port, timing=False))
        targets = [await explored(http, "portal", base(options.port), auth, options)]
        if options.against:
            other = stack.enter_context(varied(site, options))
            targets.append(await explored(http, "peer", other, auth, options))
        if options.peer_base:
            peer = await explored(http, "peer", options.peer_base, options.peer_auth, options)
            targets.append(peer)
        ours = [n for n in names if n != PASSWORD] if len(targets) > 1 else names
        rows = await load_in_turns(targets, options, ours)
        if ours != names:
            rows += await load_in_turns(targets[:1], options, [PASSWORD])
        peak = memory(process)
    mine = [row | {"sql": sql[row["op"]]} for row in rows if row["label"] == "portal"]
    theirs = [row for row in rows if row["label"] == "peer"]
    if options.peer:
        theirs = json.loads(Path(options.peer).read_text())
    write(options.out, mine)
    if theirs and not options.peer:
        write(str(Path(options.out).with_suffix(".peer.json")), theirs)
    print_table(mine, theirs)
    print(f"\nA worker took at most {peak} MB." if peak else "")


@contextmanager
def varied(site: Site, options: argparse.Namespace) -> Iterator[str]:
    """Serve the same directory once more, as ``--against`` says; give its base URL."""
    with TemporaryDirectory() as folder:
        if options.against == "wheel":
            other = of_the_wheel(site, Path(folder))
        else:
            name, _, value = options.against.partition("=")
            other = replace(site, environment=site.environment | {name: value})
        with served(other, options.port + 1, timing=False):
            yield base(options.port + 1)


async def grow(sites: list[Site], options: argparse.Namespace, names: list[str]) -> None:
    """Measure the portal with a small and a large directory in turns; print both medians."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(session(options.clients))
        targets = []
        for port, site in enumerate(sites, options.port):
            stack.enter_context(served(site, port, timing=False))
            target = Target(str(site.users), base(port), f"Bearer {site.token}", site.users, http)
            await target.explore(options.sample)
            options.passwords[target.label] = basic(site)
            targets.append(target)
        rows = await load_in_turns(targets, options, names)
    write(options.out, rows)
    small, large = (
        best_of([row for row in rows if row["label"] == str(site.users)]) for site in sites
    )
    print(f"| p50 in ms | {sites[0].users:,} users | {sites[1].users:,} users | grows |")
    print("|---|---|---|---|")
    for name in names:
        before, after = small[name]["p50_ms"], large[name]["p50_ms"]
        print(f"| {TABLE.get(name, name)} | {before:.1f} | {after:.1f} | {after / before:.2f} |")


def basic(site: Site) -> str:
    """Return HTTP Basic with the acting user's password."""
    return "Basic " + base64.b64encode(f"{site.username}:{site.password}".encode()).decode()


def write(path: str, rows: Rows) -> None:
    """Write the figures of every round."""
    Path(path).write_text(json.dumps(rows, indent=1))


def best_of(rows: Rows) -> dict[str, dict[str, Any]]:
    """Return the medians over the rounds, rows with refused requests left out, by operation."""
    found: dict[str, Rows] = {}
    for row in rows:
        refused = {status: n for status, n in row["statuses"].items() if status[0] != "2"}
        if refused:
            print(f"left out: {row.get('label', '')} {row['op']} answered {refused}")
        else:
            found.setdefault(row["op"], []).append(row)
    return {
        name: {
            "rps": statistics.median(row["rps"] for row in same),
            "p50_ms": statistics.median(row["p50_ms"] for row in same),
            "sql": same[0]["sql"],
        }
        for name, same in found.items()
    }


def print_table(mine: Rows, theirs: Rows) -> None:
    """Print operation, requests/s, median, statements, and the ratio to the peer."""
    ours, peer = best_of(mine), best_of(theirs)
    print("| Operation | Requests/s | p50 ms | SQL queries | Peer, requests/s | Ratio |")
    print("|---|---|---|---|---|---|")
    for name, row in ours.items():
        other = peer.get(name)
        told = f"{other['rps']:.1f} | {row['rps'] / other['rps']:.2f}" if other else "| "
        print(
            f"| {TABLE.get(name, name)} | {row['rps']:.1f} | {row['p50_ms']:.1f} "
            f"| {row['sql']} | {told} |"
        )


def arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--seconds", type=float, default=3, help="per operation and round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--sample", type=int, default=200, help="users whose ids are looked up")
    parser.add_argument("--port", type=int, default=8200)
    parser.add_argument("--ops", default=",".join(TABLE), help="operations, or 'all'")
    parser.add_argument("--out", default="benchmark.json")
    parser.add_argument("--growth", action="store_true", help="1,000 users against --users")
    parser.add_argument(
        "--against", help="NAME=VALUE or 'wheel': load the portal served so in turns, as the peer"
    )
    parser.add_argument("--peer", help="figures of a peer, measured before: a JSON file")
    parser.add_argument("--peer-base", help="a peer to load in turns, seeded alike")
    parser.add_argument("--peer-auth", default="", help="its Authorization header")
    parser.add_argument("--peer-big-group", default="", help="its id, where no filter finds it")
    return parser


def main() -> None:
    """Bring everything up, measure, and take it down."""
    options = arguments().parse_args()
    options.passwords = {}
    names = [*OPERATIONS, PASSWORD] if options.ops == "all" else options.ops.split(",")
    if unknown := [name for name in names if name not in OPERATIONS and name != PASSWORD]:
        sys.exit(f"There is no operation {unknown[0]}; there are {', '.join(OPERATIONS)}.")
    with ExitStack() as stack:
        url = stack.enter_context(database(options.database))
        sizes = [1000, options.users] if options.growth else [options.users]
        sites = [prepare(sized(url, users), users) for users in sizes]
        if options.growth:
            asyncio.run(grow(sites, options, names))
        else:
            asyncio.run(compare(sites[0], options, names))


if __name__ == "__main__":
    main()
