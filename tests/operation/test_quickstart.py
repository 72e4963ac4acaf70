"""The quickstart as a newcomer has it: served, mails sent, and nothing left when it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.request import Request, urlopen

import psutil
import pytest

from tests.operation.load import body
from tests.operation.portals import KEYS
from tests.packaging.site import CLEAN, ROOT
from tests.peers.processes import free_port

pytestmark = pytest.mark.once
ACTIONS = '{"roleName": "Business User", "sendWelcomeMailToUser": true}'


@pytest.fixture
def environment(tmp_path):
    return (
        CLEAN
        | KEYS
        | {
            "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
            "EMAIL_URL": f"filemail:///{tmp_path}/mails",
            "STATE_DIRECTORY": str(tmp_path),
        }
    )


def wait_for(found, *, what):
    deadline = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return value


@contextmanager
def quickstart(environment, address):
    command = [sys.executable, "manage.py", "quickstart", "--json", "--address", address]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        for left in (
            [*psutil.Process(process.pid).children(), process] if process.poll() is None else ()
        ):
            left.kill()
        process.wait()
        process.stdout.close()


def create(facts):
    request = Request(
        f"{facts['base_url']}/Users",
        body("ada@example.com").encode(),
        {"Authorization": f"Bearer {facts['token']}", "Content-Type": "application/scim+json"},
    )
    with urlopen(request, timeout=30) as answer:
        return answer.status


def workers(process):
    return [c for c in psutil.Process(process.pid).children() if "worker" in c.cmdline()]


def test_a_newcomer_s_user_gets_the_welcome_mail_and_nothing_outlives_the_server(
    environment, tmp_path
):
    address = f"127.0.0.1:{free_port()}"
    with quickstart(environment, address) as process:
        facts = json.loads(process.stdout.readline())
        assert facts["base_url"] == f"http://{address}/rest/scim/v2"
        set_actions = [sys.executable, "manage.py", "onboarding", "set", "-"]
        subprocess.run(
            set_actions,
            cwd=ROOT,
            env=environment,
            input=ACTIONS.encode(),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        wait_for(lambda: answers(address), what="no server")
        assert create(facts) == 201
        wait_for(lambda: "ada@example.com" in written(tmp_path / "mails"), what="no mail")
        [worker] = workers(process)
        os.kill(process.pid, signal.SIGKILL)
        psutil.wait_procs([worker], timeout=30)
        assert not worker.is_running()


def written(folder):
    """Return all mails of a folder as they stand, perhaps half written."""
    return "".join(path.read_text() for path in folder.glob("*"))


def answers(address):
    try:
        return urlopen(f"http://{address}/healthz", timeout=5).close() is None
    except OSError:
        return False


def test_a_worker_that_is_told_to_stop_ends_well(environment):
    migrate = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
    numbers = (signal.SIGTERM, signal.SIGINT)
    workers = [
        subprocess.Popen(
            [sys.executable, "manage.py", "worker", "--interval", "600"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
        )
        for _ in numbers
    ]
    for worker in workers:
        wait_for(lambda pid=worker.pid: sleeps(pid) and handles(pid), what="no worker")
    for worker, number in zip(workers, numbers, strict=True):
        worker.send_signal(number)
        _, told = worker.communicate(timeout=60)
        assert (worker.returncode, told) == (0, b""), number


def sleeps(pid):
    return psutil.Process(pid).status() == psutil.STATUS_SLEEPING


def handles(pid):
    """Whether a process has a handler of its own for SIGTERM."""
    with open(f"/proc/{pid}/status") as status:
        caught = next(line.split()[1] for line in status if line.startswith("SigCgt"))
    return int(caught, 16) >> (signal.SIGTERM - 1) & 1
