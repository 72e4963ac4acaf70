"""What Bulk saves: users created one request each, and as many in one request.

``python benchmarks/bulk.py`` brings up the portal as ``run.py`` does, and measures both in turns.
"""

from __future__ import annotations

import argparse
import statistics
import time
import uuid
from typing import Any

import httpx2
from serving import base, database, memory, prepare, served, sized

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def users(count: int) -> list[dict[str, Any]]:
    """Return bodies of users that nobody has created yet."""
    names = [f"{uuid.uuid4().hex}@example.com" for _ in range(count)]
    return [
        {
            "schemas": [USER],
            "userName": name,
            "externalId": name,
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "emails": [{"value": name, "type": "work", "primary": True}],
        }
        for name in names
    ]


def singly(http: httpx2.Client, count: int) -> float:
    """Return the seconds that as many requests take, one after the other."""
    bodies, start = users(count), time.perf_counter()
    for body in bodies:
        http.post("Users", json=body).raise_for_status()
    return time.perf_counter() - start


def together(http: httpx2.Client, count: int) -> float:
    """Return the seconds that one request of as many operations takes."""
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(i), "data": body}
        for i, body in enumerate(users(count))
    ]
    start = time.perf_counter()
    answer = http.post("Bulk", json={"schemas": [BULK], "Operations": operations})
    seconds = time.perf_counter() - start
    statuses = {operation["status"] for operation in answer.raise_for_status().json()["Operations"]}
    assert statuses == {"201"}, statuses
    return seconds


def main() -> None:
    """Measure, and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=10_000, help="in the directory before")
    parser.add_argument("--creates", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--port", type=int, default=8220)
    options = parser.parse_args()
    with database(options.database) as url:
        site = prepare(sized(url, options.users), options.users)
        headers = {"Authorization": f"Bearer {site.token}"}
        with (
            served(site, options.port, timing=False) as process,
            httpx2.Client(
                base_url=base(options.port) + "/", headers=headers, timeout=120, trust_env=False
            ) as http,
        ):
            pairs = []
            for _ in range(options.rounds):
                pairs.append((singly(http, options.creates), together(http, options.creates)))
                print("  single {:.2f} s, Bulk {:.2f} s".format(*pairs[-1]))
            peak = memory(process)
    one, many = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"{options.creates} creates: {one:.2f} s one by one, {many:.2f} s in a Bulk, "
        f"{one / many:.1f} times as fast; a worker took at most {peak} MB."
    )


if __name__ == "__main__":
    main()
