"""The portal: its commands, its few pages, its environment."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from kyvos_portal import checks
from kyvos_portal.logs import JsonFormatter
from kyvos_portal.timing import ServerTimingMiddleware
from scim_provisioning.models import Connection, ProvisioningEvent, ScimUser

ROOT = Path(__file__).resolve().parents[2]


def quickstart(capsys, *options):
    call_command("quickstart", "--no-serve", *options)
    return capsys.readouterr().out


@pytest.mark.django_db
def test_quickstart_makes_what_is_needed_once(capsys):
    first = json.loads(quickstart(capsys, "--json"))
    assert first["base_url"] == "http://127.0.0.1:8000/rest/scim/v2"
    admin = get_user_model().objects.get(username=first["admin_username"])
    assert admin.check_password(first["admin_password"])
    second = json.loads(quickstart(capsys, "--json"))
    assert (second["token"], second["admin_password"]) == (None, None)
    assert Connection.objects.count() == 1


@pytest.mark.django_db
def test_quickstart_shows_a_curl_line(capsys):
    out = quickstart(capsys)
    assert "curl -u 'scim:kvp_" in out
    assert "curl" not in quickstart(capsys)


@pytest.mark.django_db
def test_quickstart_can_fill_the_directory(capsys):
    quickstart(capsys, "--demo")
    assert ScimUser.objects.filter(connection__isnull=False).count() == 200
    events = ProvisioningEvent.objects.filter(time__lt=timezone.now() - timedelta(hours=6))
    assert set(events.values_list("status", flat=True)) == {200, 409}
    assert events.exclude(changes={}).count() > 50
    before = ProvisioningEvent.objects.count()
    quickstart(capsys, "--demo")
    assert ProvisioningEvent.objects.count() == before


@pytest.mark.django_db
def test_home_is_for_those_who_signed_in(client, admin_user):
    assert client.get("/")["Location"].startswith("/accounts/login/")
    assert b"Sign in" in client.get("/accounts/login/").content
    client.force_login(admin_user)
    assert b"Hello, admin" in client.get("/").content


@pytest.mark.django_db
def test_service_accounts_open_no_pages(scim, client):
    user = scim.connection.acting_user
    user.set_password("secret-secret")
    user.save()
    form = {"username": scim.username, "password": "secret-secret"}
    assert client.post("/accounts/login/", form).status_code == 200
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
@override_settings(
    MIDDLEWARE=[
        f"{ServerTimingMiddleware.__module__}.ServerTimingMiddleware",
        "scim_provisioning.http.middleware.ScimMiddleware",
    ]
)
def test_server_timing_counts_statements(scim):
    scim.get("/Users")
    assert scim.get("/ServiceProviderConfig").headers["Server-Timing"].endswith('desc="2 queries"')


def test_logs_are_one_line_each():
    record = logging.LogRecord("x", logging.ERROR, "", 0, "two\nlines %s", ("a",), None)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "two\nlines a"


OF_THE_SUITE = ("DATABASE_URL", "SECRET_KEY", "DJANGO_ALLOW_ASYNC_UNSAFE")
"""Variables that other tests of the same process set for themselves."""


def manage(*arguments, **variables):
    environment = {k: v for k, v in os.environ.items() if k not in OF_THE_SUITE}
    environment |= {"DJANGO_SETTINGS_MODULE": "kyvos_portal.settings", **variables}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


WRONG = {
    "DEBUG": "perhaps",
    "PUBLIC_URL": "portal.example.com",
    "DATABASE_URL": "mysql://x/y",
    "CONN_MAX_AGE": "long",
    "CONNECTION_POOL": "4",
    "READY_MAX_WAIT": "soon",
    "METRICS": "some",
    "PREPARED_STATEMENTS": "2",
    "TRUSTED_PROXIES": "10.0.0.0/99",
    "ENCRYPTION_KEYS": "too-short",
    "ALLOWED_HOSTS": "https://portal.example.com",
}


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *WRONG.items(),
        ("ALLOWED_HOSTS", "portal.example.com:443"),
        ("CONN_MAX_AGE", "-1"),
        ("PUBLIC_URL", "https://portal.example.com:port"),
        ("READY_MAX_WAIT", "-5"),
    ],
)
def test_a_wrong_variable_stops_with_its_name(name, value):
    variables = {"DATABASE_URL": "postgres://localhost/x", "SECRET_KEY": "x", name: value}
    done = manage("check", **variables)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()
    assert len(last) == 1
    assert last[0].startswith(name)


POOLED = """
from django.db import connection
from scim_provisioning.statements import Statement
for _ in range(3):
    assert Statement("SELECT 1", ()).run(()) == 1
    connection.close()
print(connection.pool.get_stats()["requests_num"])
"""


@pytest.mark.skipif("TEST_DATABASE_URL" not in os.environ, reason="PostgreSQL has pools")
def test_a_pool_serves_statements_after_statements():
    url = os.environ["TEST_DATABASE_URL"]
    done = manage("shell", "-v0", "-c", POOLED, DATABASE_URL=url, CONNECTION_POOL="1")
    assert (done.stdout.strip(), done.stderr) == ("3", "")


@pytest.mark.once
def test_a_secret_key_is_made_once_and_kept_from_others(tmp_path):
    path = tmp_path / "key"
    keys = []
    for _ in range(2):
        code = "from django.conf import settings; print(settings.SECRET_KEY)"
        keys.append(manage("shell", "-v0", "-c", code, SECRET_KEY_FILE=str(path)).stdout)
    assert keys[0] == keys[1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.once
def test_an_encryption_key_is_made_once_and_kept_from_others(tmp_path):
    path = tmp_path / "key"
    given = {"ENCRYPTION_KEYS": "", "ENCRYPTION_KEYS_FILE": str(path)}
    code = "from scim_provisioning.encryption import {0}; print({0}({1!r}))"
    stored = manage("shell", "-v0", "-c", code.format("encrypt", "x"), **given).stdout.strip()
    assert manage("shell", "-v0", "-c", code.format("decrypt", stored), **given).stdout == "x\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.once
def test_behind_tls_the_portal_is_ready_to_deploy():
    variables = {"SECRET_KEY": "k" * 60 + "0123456789", "PUBLIC_URL": "https://portal.example.com"}
    variables["EMAIL_URL"] = "smtp://mail.example.com:25"
    # Unset, it holds the host of the public URL.
    variables["ALLOWED_HOSTS"] = ""
    done = manage("check", "--deploy", "--fail-level", "WARNING", **variables)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("url", "hosts", "expected"),
    [
        (None, ["localhost"], []),
        ("https://portal.example.com:8443", [".example.com"], []),
        ("https://[::1]", ["[::1]"], []),
        ("https://portal.example.com", ["localhost"], ["kyvos_portal.W003"]),
    ],
)
def test_w003_public_host_that_is_not_allowed(settings, url, hosts, expected):
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = url, hosts
    assert [message.id for message in checks.check_public_host()] == expected
