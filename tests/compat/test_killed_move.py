"""The move to this engine is killed, again and again, and ends right when it is let through."""

from __future__ import annotations

import json
import signal

import pytest

from tests.compat.site import Site
from tests.databases import empty_database

pytest.importorskip("django_scim", reason="django-scim2 wants a Django below 6.1.")

PREPARE = """
import django; django.setup()
from tests.compat_site.models import Account, Team
accounts = [Account.objects.create(username=f"u{n}", scim_external_id=f"x{n}") for n in range(8)]
for n in range(4):
    Team.objects.create(name=f"t{n}", scim_external_id=f"y{n}").user_set.set(accounts[n:])
"""
KILLED = """
import django; django.setup()
import os, signal, sys
from django.core.management import call_command
from django.db import connection
from scim_provisioning.compat import moving
moving.BATCH, left = 3, int(sys.argv[1])
def count(execute, sql, *others):
    global left
    left -= sql.startswith(("INSERT", "UPDATE"))
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, *others)
with connection.execute_wrapper(count):
    call_command("import_django_scim2", "--connection", "Okta", "-v0")
"""
"""It is killed instead of one of its writes, which is in the middle of a transaction."""
LOOK = """
import django; django.setup()
import json
from scim_provisioning.models import ExternalId, ScimGroup, ScimUser
from scim_provisioning.protocol.identifiers import shown
def facts(row, owner):
    sent = ExternalId.objects.filter(**{owner: row}).values_list("value", flat=True)
    return [shown(row.pk), row.connection and row.connection.name, *sent]
users = {r.user.username: facts(r, "user") for r in ScimUser.objects.all()}
groups = {
    r.group.name: [*facts(r, "group"), sorted(r.group.user_set.values_list("username", flat=True))]
    for r in ScimGroup.objects.all()
}
print(json.dumps([users, groups]))
"""


@pytest.fixture
def site(tmp_path):
    with empty_database(tmp_path) as url:
        site = Site(url)
        site.run("settings_before", "-m", "django", "migrate", "-v0")
        site.run("settings_before", "-c", PREPARE)
        site.manage("migrate", "-v0")
        # Its acting user is the ninth.
        site.manage("connection", "create", "Okta", "--username", "okta")
        yield site


def look(site):
    return json.loads(site.run("settings", "-c", LOOK))


def kill(site, *writes):
    """Kill a run instead of its next write after so many, and then another; return what is there."""
    for number in writes:
        site.run("settings", "-c", KILLED, str(number), code=-signal.SIGKILL)
    return [len(found) for found in look(site)]


def test_a_move_that_is_killed_and_run_again_ends_right(site):
    users, groups = kill(site, 1, 4)
    assert (0 < users < 8, groups) == (True, 0)
    users, groups = kill(site, 4, 4, 8, 28)
    assert (users, 0 < groups < 4) == (9, True)
    site.manage("import_django_scim2", "--connection", "Okta")
    users, groups = look(site)
    assert users.pop("okta")[1:] == [None]
    assert users == {f"u{n}": [str(n + 1), "Okta", f"x{n}"] for n in range(8)}
    assert groups == {
        f"t{n}": [str(n + 1), "Okta", f"y{n}", [f"u{m}" for m in range(n, 8)]] for n in range(4)
    }
    again = json.loads(site.manage("import_django_scim2", "--connection", "Okta", "--json"))
    for report in again.values():
        moved = ("added", "ids", "external_ids", "owned", "memberships")
        assert [report[name] for name in moved] == [0] * len(moved)
