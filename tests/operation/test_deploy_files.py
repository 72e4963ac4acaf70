"""The files of ``docs/deploy``: read by the programs that they are for, where those are installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from gunicorn.app.wsgiapp import WSGIApplication

from tests.operation.proxies import certify
from tests.packaging.site import ROOT

pytestmark = pytest.mark.once
DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("kyvos-portal*"))


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.fixture
def gunicorn(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["gunicorn", "--config", str(DEPLOY / "gunicorn.conf.py")])
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    return WSGIApplication().cfg


def test_gunicorn_takes_its_settings(gunicorn):
    assert (gunicorn.workers, gunicorn.threads, gunicorn.worker_class_str) == (2, 2, "gthread")
    assert gunicorn.child_exit.__module__ != "gunicorn.config"
    assert gunicorn.limit_request_line == 8190


def test_times_fit_each_other(gunicorn):
    nginx = (DEPLOY / "nginx.conf").read_text()
    kept, read = (
        int(re.search(rf"\s{name} (\d+)s;", nginx)[1])
        for name in ("keepalive_timeout", "proxy_read_timeout")
    )
    stop = int(re.search(r"TimeoutStopSec=(\d+)", (DEPLOY / "kyvos-portal.service").read_text())[1])
    bulk = 25
    assert bulk < gunicorn.graceful_timeout < stop
    assert bulk < read
    assert kept < gunicorn.keepalive


def test_access_lines_name_nobody(gunicorn):
    assert not re.search(r"%\((r|q|f)\)s", gunicorn.access_log_format)


@needs("nginx")
@needs("openssl")
def test_nginx_takes_its_file(tmp_path):
    certify(tmp_path)
    text = (DEPLOY / "nginx.conf").read_text().replace("/etc/ssl/portal", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{ {text} }}")
    status, said = run("nginx", "-t", "-c", tmp_path / "nginx.conf", "-e", tmp_path / "log")
    assert status == 0, said
    assert "warn" not in said


@needs("caddy")
def test_caddy_takes_its_file():
    command = ("caddy", "adapt", "--config", DEPLOY / "Caddyfile", "--validate")
    status, said = run(*command)
    assert status == 0, said


@needs("systemd-analyze")
def test_systemd_takes_its_units(tmp_path):
    for name in UNITS:
        text = (DEPLOY / name).read_text()
        (tmp_path / name).write_text(re.sub(r"/opt/kyvos-portal/bin/\w+", "/bin/true", text))
    status, said = run("systemd-analyze", "verify", *(tmp_path / name for name in UNITS))
    ours = [line for line in said.splitlines() if "kyvos" in line]
    assert (status, ours) == (0, []), said


@needs("systemd-analyze")
@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_units_are_hardened(name):
    status, said = run(
        "systemd-analyze", "security", "--offline=true", "--threshold=20", DEPLOY / name
    )
    assert status == 0, said


def test_every_file_of_the_wheel_is_in_the_image():
    text = (DEPLOY / "Containerfile").read_text()
    copied = set(re.findall(r"^COPY (\w+) /source", text, re.MULTILINE))
    assert copied == {"kyvos_portal", "scim_provisioning", "onboarding", "templates"}
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!0\b|root\b)", last, re.MULTILINE)
    assert not re.search(r"^(ARG|ENV).*(SECRET|KEY|PASSWORD|TOKEN)", text, re.MULTILINE)
