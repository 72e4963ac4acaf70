"""The administrator's pages, with many users and a long ledger: their time and statements.

``python benchmarks/pages.py`` brings everything up as run.py does, fills the ledger, opens
each page as an administrator with a browser's session, and prints a table. Pages that the
site has not are left out. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import requests
from serving import PASSWORD, Site, base, database, manage, memory, prepare, served, sized
from tqdm import tqdm

APP = "/admin/scim_provisioning"
BAR = 300
"""Milliseconds that no page may take."""
BATCH = 50_000
ADMINISTRATOR = """
from django.contrib.auth import get_user_model
import os
model = get_user_model()
user, made = model._default_manager.get_or_create(username="benchmark")
user.is_staff = user.is_superuser = True
user.set_password(os.environ["BENCHMARK_PASSWORD"])
user.save()
"""
FACTS = """
import json
from scim_provisioning.models import Connection, ProvisioningEvent, ScimGroup, ScimUser
user = ScimUser.objects.order_by("-created").first()
group = ScimGroup.objects.get(display_name="big")
print(json.dumps({
    "connection": Connection.objects.get(name="default").pk,
    "user": str(user.pk), "user_name": user.user_name, "account": user.user_id,
    "group": str(group.pk), "own_group": group.group_id,
    "event": ProvisioningEvent.objects.first().pk,
}))
"""
LEAVERS = 10_000
STOP = f"""
from django.utils import timezone
from scim_provisioning.models import Connection, ProvisioningEvent
last = ProvisioningEvent.objects.order_by("-id").values_list("pk", flat=True)[:{LEAVERS}]
lost = ProvisioningEvent.objects.filter(pk__in=list(last))
lost.update(ends_access=True)
since = lost.order_by("time").first().time - timezone.timedelta(seconds=1)
Connection.objects.filter(name="default").update(braked=timezone.now(), braked_since=since)
"""
GO_ON = """
from scim_provisioning.models import Connection, ProvisioningEvent
ProvisioningEvent.objects.filter(ends_access=True).update(ends_access=False)
Connection.objects.update(braked=None, braked_since=None)
"""
# Generated where they are stored: a million rows through the ORM take minutes.
EVENTS = """
INSERT INTO scim_provisioning_provisioningevent
  (time, connection_id, acting_user, credential, credential_key, method, path, status, scim_type,
   detail, duration_ms, request_id, resource_type, resource_id, resource_name, changes, notes
   {columns})
SELECT now() - (n * interval '30 days' / %(total)s), c.id, 'scim', 'pat', 'token:1',
   'PATCH', '/rest/scim/v2/Users/' || u.id, CASE WHEN n %% 50 = 0 THEN 409 ELSE 200 END,
   CASE WHEN n %% 50 = 0 THEN 'uniqueness' ELSE '' END, '', 4, gen_random_uuid(), 'User', u.id,
   u.user_name, '{{"active": [true, false]}}', '[]' {values}
FROM generate_series(%(first)s, %(last)s) n
JOIN (SELECT id, user_name, row_number() OVER () - 1 AS number
      FROM scim_provisioning_scimuser LIMIT 10000) u ON u.number = n %% 10000
CROSS JOIN (SELECT id FROM scim_provisioning_connection WHERE name = 'default') c
"""


PREVIEW = """
INSERT INTO scim_provisioning_candidate
  (connection_id, source, position, user_name, user_name_key, email, external_id, match, reason,
   user_id, privileged, decision, decided_by, created)
SELECT c.id, 'csv', row_number() OVER (), u.user_name, u.user_name_key, u.user_name, '',
   CASE WHEN random() < 0.5 THEN 'email' ELSE 'new' END, '', u.id, false, 'open', '', now()
FROM scim_provisioning_scimuser u
CROSS JOIN (SELECT id FROM scim_provisioning_connection WHERE name = 'default') c
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One page: medians in milliseconds, the slowest, and its statements."""

    name: str
    first: float
    median: float
    slowest: float
    queries: int
    kilobytes: int


def pages(facts: dict[str, Any]) -> dict[str, str]:
    """Return the pages by name."""
    connection = f"{APP}/connection/{facts['connection']}"
    events = f"{APP}/provisioningevent/"
    return {
        "index": "/admin/",
        "overview": f"{APP}/overview/",
        "connections": f"{APP}/connection/",
        "a connection": f"{connection}/change/",
        "set up: ways": f"{connection}/set-up/",
        "set up: Okta, Basic": f"{connection}/set-up/okta-basic/",
        "credentials": f"{connection}/credentials/",
        f"brake, {LEAVERS:,} stopped": f"{connection}/brake/",
        "import preview": f"{connection}/matching/",
        "import preview, one match": f"{connection}/matching/?match=email",
        "findings": f"{APP}/finding/",
        "events": events,
        "events of a connection": f"{events}?connection__id__exact={facts['connection']}",
        "refused events": f"{events}?outcome=refused",
        "events of a user": f"{events}?q={facts['user_name']}",
        "all events of a user": f"{events}?person={facts['user_name']}",
        "events by an operation": f"{events}?method=DELETE",
        "events by id": f"{events}?q={facts['user']}",
        "an event": f"{events}{facts['event']}/change/",
        "request counts": f"{APP}/requestcount/",
        "SCIM users": f"{APP}/scimuser/",
        "SCIM users, searched": f"{APP}/scimuser/?q=user0999",
        "a SCIM user": f"{APP}/scimuser/{facts['user']}/change/",
        "SCIM groups": f"{APP}/scimgroup/",
        "the big SCIM group": f"{APP}/scimgroup/{facts['group']}/change/",
        "users": "/admin/kyvos_portal/user/",
        "a user": f"/admin/kyvos_portal/user/{facts['account']}/change/",
        "groups": "/admin/auth/group/",
        "the big group": f"/admin/auth/group/{facts['own_group']}/change/",
        "mails": "/admin/onboarding/outboxmail/",
        "sign-ins": "/admin/kyvos_portal/signinevent/",
    }


def fill(site: Site, total: int) -> None:
    """Fill the ledger up to that many events of the last 30 days."""
    url = site.environment["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        table = "scim_provisioning_provisioningevent"
        known = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        there = known[0] if known else 0
        given = set(re.findall(r"\w+", EVENTS))
        columns, values = _further(connection, table, given)
        statement: Any = EVENTS.format(columns=columns, values=values)
        for first in tqdm(range(there, total, BATCH), "events", disable=not sys.stderr.isatty()):
            last = min(first + BATCH, total) - 1
            connection.execute(statement, {"first": first, "last": last, "total": total})
        connection.execute(PREVIEW)
        connection.execute("VACUUM ANALYZE")


def _further(connection: Any, table: str, given: set[str]) -> tuple[str, str]:
    """Return columns of the ledger that EVENTS does not name, and empty values for them."""
    rows = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = %s AND is_nullable = 'NO' AND column_name <> 'id'",
        [table],
    ).fetchall()
    further = {name: kind for name, kind in rows if name not in given}
    empty = {"jsonb": "'{}'", "boolean": "false"}
    named = "".join(f", {name}" for name in further)
    values = "".join(
        ", u.user_name" if name == "resource_key" else f", {empty.get(kind, chr(39) * 2)}"
        for name, kind in further.items()
    )
    return named, values


def signed_in(url: str) -> requests.Session:
    """Return a session of the administrator."""
    http = requests.Session()
    http.get(f"{url}/accounts/login/", timeout=30)
    form = {"username": "benchmark", "password": PASSWORD}
    form["csrfmiddlewaretoken"] = http.cookies["csrftoken"]
    answer = http.post(f"{url}/accounts/login/", data=form, timeout=30, allow_redirects=False)
    if answer.status_code != 302:
        sys.exit("The administrator was not let in.")
    return http


def measure(http: requests.Session, url: str, name: str, path: str, times: int) -> Measured | None:
    """Open a page that many times; None where the site has no such page."""
    taken, queries, size = [], 0, 0
    for _ in range(times + 1):
        answer = http.get(url + path, timeout=60, allow_redirects=False)
        if answer.status_code != 200:
            print(f"left out: {name} answered {answer.status_code}", file=sys.stderr)
            return None
        found = re.search(r'app;dur=([\d.]+).*desc="(\d+) ', answer.headers["Server-Timing"])
        assert found is not None
        taken.append(float(found[1]))
        queries, size = int(found[2]), len(answer.content) // 1024
    first, *rest = taken
    return Measured(name, first, statistics.median(rest), max(rest), queries, size)


@contextmanager
def stopped(site: Site) -> Iterator[None]:
    """Let the brake have stopped the connection meanwhile, by the last events of the ledger."""
    manage(site.environment, "shell", "--verbosity", "0", "--command", STOP)
    try:
        yield
    finally:
        manage(site.environment, "shell", "--verbosity", "0", "--command", GO_ON)


def measured(site: Site, options: argparse.Namespace) -> Iterator[Measured]:
    """Serve the site and yield each page."""
    facts = json.loads(manage(site.environment, "shell", "--verbosity", "0", "--command", FACTS))
    url = base(options.port).removesuffix("/rest/scim/v2")
    with stopped(site), served(site, options.port, timing=True) as process:
        http = signed_in(url)
        for name, path in pages(facts).items():
            if not options.pages or name in options.pages.split(";"):
                row = measure(http, url, name, path, options.times)
                if row is not None:
                    yield row
        print(f"\nA worker took at most {memory(process)} MB.", file=sys.stderr)


def arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=10, help="how often each page is opened")
    parser.add_argument("--pages", default="", help="names of the table, separated by semicolons")
    parser.add_argument("--port", type=int, default=8250)
    parser.add_argument("--prepare", action="store_true", help="fill the database, and stop")
    return parser


def main() -> None:
    """Bring everything up, measure, and take it down."""
    options = arguments().parse_args()
    with ExitStack() as stack:
        url = stack.enter_context(database("postgres"))
        site = prepare(sized(url, options.users), options.users)
        manage(site.environment, "shell", "--verbosity", "0", "--command", ADMINISTRATOR)
        fill(site, options.events)
        if options.prepare:
            return
        print("| Page | First, ms | Median, ms | Slowest, ms | SQL queries | KB |")
        print("|---|---|---|---|---|---|")
        for row in measured(site, options):
            slow = " **slow**" if row.median > BAR else ""
            print(
                f"| {row.name} | {row.first:.0f} | {row.median:.0f}{slow} | {row.slowest:.0f}"
                f" | {row.queries} | {row.kilobytes} |"
            )


if __name__ == "__main__":
    main()
