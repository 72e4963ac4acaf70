"""The distribution in other people's sites: built, installed, three lines, and the whole corpus."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import django
import pytest

from tests.idp.test_wire import CASES, NOT_EMAILS
from tests.idp.wire.run import http_send, run_case
from tests.packaging.site import ROOT, Site, install

pytestmark = pytest.mark.once

APPS = 'INSTALLED_APPS += ["rest_framework", "scim_provisioning"]\n'
MIDDLEWARE = 'MIDDLEWARE.insert(0, "scim_provisioning.http.middleware.ScimMiddleware")\n'
URLS = (
    "from django.urls import include\n"
    'urlpatterns += [path("rest/scim/v2/", include("scim_provisioning.urls"))]\n'
)
ONBOARDING = (
    'INSTALLED_APPS += ["onboarding"]\n'
    "AUTHENTICATION_BACKENDS = [\n"
    '    "django.contrib.auth.backends.ModelBackend", "onboarding.backends.RoleBackend"\n'
    "]\n"
    'ONBOARDING = {"SITE_URL": "https://portal.example.com"}\n'
)
EMAIL_USERS = 'INSTALLED_APPS += ["emailuser"]\nAUTH_USER_MODEL = "emailuser.User"\n'


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> Path:
    # No extra is installed, and the Django that the suite runs on.
    same = "django~={}.{}.0".format(*django.VERSION)
    return install(wheel, tmp_path_factory.mktemp("environment") / "venv", same)


def test_everything_a_site_needs_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = {
        str(path.relative_to(ROOT))
        for app in ("scim_provisioning", "onboarding", "kyvos_portal")
        for path in (ROOT / app).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert tracked <= names
    assert {f"{app}/py.typed" for app in ("scim_provisioning", "onboarding")} <= names
    assert not [name for name in names if name.startswith("tests/")]


def start(python: Path, folder: Path, settings: str, urls: str) -> Site:
    site = Site.start(python, folder)
    site.append("settings", settings)
    site.append("urls", urls)
    return site


def connect(site: Site) -> str:
    site.manage("migrate", "--verbosity", "0")
    site.manage("scim_backfill")
    made = json.loads(site.manage("connection", "create", "Okta", "--json"))
    return f"Bearer {made['token']}"


def failures(site: Site, authorization: str, cases=CASES) -> dict[str, list[str]]:
    with site.served() as url:
        send = http_send(f"{url}/rest/scim/v2", authorization)
        return {case["id"]: errors for case in cases if (errors := run_case(case, send))}


def test_three_lines_make_a_bare_site_a_provider(python, tmp_path):
    site = start(python, tmp_path / "site", APPS + MIDDLEWARE, URLS)
    assert "no issues" in site.manage("check")
    assert failures(site, connect(site)) == {}
    assert "Traceback" not in (site.folder / "server.log").read_text()


def test_a_site_whose_users_are_e_mail_addresses_needs_no_more(python, tmp_path):
    site = start(python, tmp_path / "site", APPS + EMAIL_USERS + MIDDLEWARE, URLS)
    app = site.folder / "emailuser"
    shutil.copytree(ROOT / "tests" / "emailuser", app)
    config = app / "apps.py"
    config.write_text(config.read_text().replace('"tests.emailuser"', '"emailuser"'))
    # All of the corpus meets this user model in tests/idp; here the first of each provider.
    few = {case["idp"]: case for case in reversed(CASES)}.values()
    refused = [case for case in CASES if case["id"] in NOT_EMAILS and case not in few]
    found = failures(site, connect(site), [*few, *refused])
    assert set(found) == set(NOT_EMAILS)
    assert all("has to be an e-mail address" in errors[0] for errors in found.values())


def test_a_site_may_want_onboarding_alone(python, tmp_path):
    site = start(python, tmp_path / "site", ONBOARDING, "")
    # What is left to warn of: no tasks API before Django 6, so that a command sends the mails.
    site.manage("check", "--fail-level", "ERROR")
    site.manage("migrate", "--verbosity", "0")
    document = tmp_path / "actions.json"
    document.write_text('{"roleName": "Business User"}')
    site.manage("onboarding", "set", str(document))
    assert re.search("Business User", site.manage("onboarding", "show"))
