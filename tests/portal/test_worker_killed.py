"""A worker that is killed at any point sends each mail exactly once, by a real mail server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from django.db import connection

from onboarding import services
from onboarding.models import MailState, OutboxMail, UserProfile
from tests.onboarding.conftest import text

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("connected", "EHLO", "MAIL", "RCPT", "DATA", "text", "answered")
"""Where the worker is killed, as the server sees it."""


class Executioner:
    """Counts what it takes, and kills the worker at the stage that is set."""

    def __init__(self):
        self.stage, self.pid, self.taken = None, None, Counter()

    def reached(self, stage):
        if stage == self.stage:
            self.stage = None
            os.kill(self.pid, signal.SIGKILL)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        self.reached("EHLO")
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        self.reached("MAIL")
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        self.reached("RCPT")
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.update(envelope.rcpt_tos)
        self.reached("text")
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        # The worker has the answer, and has not written it down.
        self.reached("answered")
        return "221 Bye"


class Watched(SMTP):
    """Tells of two moments that the library has no hook for."""

    def connection_made(self, transport):
        self.event_handler.reached("connected")
        super().connection_made(transport)

    async def smtp_DATA(self, arg):
        self.event_handler.reached("DATA")
        await super().smtp_DATA(arg)


class Listener(Controller):
    def factory(self):
        return Watched(self.handler)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def server():
    listener = Listener(Executioner(), hostname="127.0.0.1", port=0)
    listener.start()
    yield listener
    listener.stop()


def database_url():
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["TEST_DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture
def start(server):
    """Start a worker of the portal in a process of its own."""
    started = []

    def start():
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.portal.worker_settings",
            "DATABASE_URL": database_url(),
            "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
        }
        command = [sys.executable, "manage.py", "worker", "--interval", "0.1"]
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        started.append(worker)
        server.handler.pid = worker.pid
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def settled():
    """Whether nothing is left to be sent."""
    left = OutboxMail.objects.filter(state__in=(MailState.QUEUED, MailState.SENDING))
    return not (left.exists() or UserProfile.objects.filter(mail_wanted=True).exists())


@pytest.mark.django_db(transaction=True)
def test_each_mail_arrives_exactly_once_wherever_the_worker_is_killed(scim, server, start):
    services.publish(text(sendWelcomeMailToUser=True), None)
    names = [f"u{number}@example.com" for number in range(len(STAGES))]
    for name in names:
        scim.user(name, emails=[{"value": name, "primary": True}])
    for stage in STAGES:
        server.handler.stage = stage
        assert start().wait(60) == -signal.SIGKILL
        assert server.handler.stage is None
    start()
    deadline = time.monotonic() + 120
    # The last one is marked before it is there.
    while not (settled() and server.handler.taken.total() >= len(names)):
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    rows = list(OutboxMail.objects.values_list("address", "state", "attempts", "error"))
    assert settled(), rows
    assert server.handler.taken == Counter(names), rows
