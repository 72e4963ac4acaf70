"""What a site told django-scim2 and is not honoured has a number."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("django_scim", reason="django-scim2 wants a Django below 6.1.")

from scim_provisioning.compat import checks

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
SITE = {"NETLOC": "scim.example.com", "AUTHENTICATION_SCHEMES": [{"type": "httpbasic"}]}


def numbers(messages):
    return [message.id.rpartition(".")[2] for message in messages]


def test_e060_there_is_nothing_to_call(settings):
    settings.SCIM_SERVICE_PROVIDER = {}
    assert numbers(checks.check_django_scim2()) == ["E060"]
    assert checks.check_service_provider() == []


def test_e060_the_package_is_missing(settings, monkeypatch):
    settings.SCIM_SERVICE_PROVIDER = SITE
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    assert numbers(checks.check_django_scim2()) == ["E060"]


def test_w061_a_key_is_unknown(settings):
    settings.SCIM_SERVICE_PROVIDER = {**SITE, "NETLOK": "x"}
    [found] = checks.check_service_provider()
    assert (numbers([found]), "NETLOK" in found.msg) == (["W061"], True)


@pytest.mark.parametrize("key", sorted(checks.REPLACED))
def test_w062_a_key_is_not_read(settings, key):
    settings.SCIM_SERVICE_PROVIDER = {**SITE, key: "site.module.thing"}
    [found] = checks.check_service_provider()
    assert (numbers([found]), key in found.msg, bool(found.hint)) == (["W062"], True, True)


def test_a_site_that_sets_what_is_honoured_hears_nothing(settings):
    settings.SCIM_SERVICE_PROVIDER = SITE
    assert checks.check_django_scim2() == checks.check_service_provider() == []


WITHOUT = """
import sys
class Blocking:
    def __init__(self, finder): self.finder = finder
    def __getattr__(self, name): return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        return None if name == "django_scim" else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Blocking(f) for f in sys.meta_path]
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


def test_a_site_without_the_package_starts_and_is_told(tmp_path):
    """The site's models need the package, so another site's are here."""
    settings = tmp_path / "compatless.py"
    settings.write_text(
        "from tests.bare_settings import *\n"
        "INSTALLED_APPS = [*INSTALLED_APPS, 'scim_provisioning.compat']\n"
    )
    environment = {
        **os.environ, "BARE_DATABASE": str(tmp_path / "db.sqlite3"),
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "DJANGO_SETTINGS_MODULE": "compatless",
    }  # fmt: skip
    for command in ("check", "import_django_scim2"):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, command],
            env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 1
        assert "django-scim2 is not installed." in done.stderr
        assert "Traceback" not in done.stderr
