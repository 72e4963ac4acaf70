"""A site without django-oauth-toolkit: all but the token endpoint is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent
REQUEST = """
import django; django.setup()
import sys
from django.test import Client
for header in sys.argv[1:]:
    print(Client().get("/rest/scim/v2/Users", headers={"authorization": header}).status_code)
print("oauth2_provider" in sys.modules)
"""


@pytest.fixture
def run(tmp_path):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.bare_settings",
        "BARE_DATABASE": str(tmp_path / "bare.sqlite3"),
    }

    def run(*arguments):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_it_migrates_connects_and_says_what_client_secrets_need(run):
    assert run("-m", "django", "check").returncode == 0
    assert run("-m", "django", "migrate", "-v0").stderr == ""
    made = json.loads(run("-m", "django", "connection", "create", "Okta", "--json").stdout)
    asked = run("-c", REQUEST, f"Bearer {made['token']}", "Bearer kva_x-client-1")
    assert asked.stdout.split() == ["200", "401", "False"]
    shown = json.loads(run("-m", "django", "connection", "credentials", "Okta", "--json").stdout)
    assert (shown["client_id"], len(shown["credentials"])) == (None, 1)
    refused = run("-m", "django", "connection", "rotate", "Okta", "--kind", "client")
    assert refused.stderr.splitlines() == [
        "CommandError: Client secrets need django-oauth-toolkit among the apps."
    ]


WITHOUT = """
import sys
sys.modules["prometheus_client"] = None
import django; django.setup()
from django.test import Client, RequestFactory
from scim_provisioning import metrics
from scim_provisioning.http.metrics import scrape
print(Client().get("/rest/scim/v2/Users").status_code, metrics.instruments)
try:
    scrape(RequestFactory().get("/metrics"))
except Exception as error:
    print(type(error).__name__)
"""


def test_without_the_extra_nothing_is_counted_and_nothing_shown(run):
    assert run("-m", "django", "migrate", "-v0").stderr == ""
    assert run("-c", WITHOUT).stdout.split() == ["401", "None", "Http404"]
