"""What the move cannot keep is told by name, and left as it is until somebody decides."""

from __future__ import annotations

import json

import pytest

from tests.compat.site import Site
from tests.databases import empty_database

pytest.importorskip("django_scim", reason="django-scim2 wants a Django below 6.1.")

pytestmark = pytest.mark.once
PREPARE = """
import django; django.setup()
from django.contrib.auth.models import Group
from tests.compat_site.models import Account, Team
for name in ("Bob", "bob", "ada", *(f"long{number:02}" for number in range(22))):
    Account.objects.create(username=name)
Account.objects.filter(username="ada").update(scim_username="lovelace", scim_external_id="x")
for account in Account.objects.filter(username__startswith="long"):
    Account.objects.filter(pk=account.pk).update(scim_id=f"{account.username}-is-too-long")
Team.objects.create(name="Admins")
Group.objects.create(name="Admins")
"""
IDS = """
import django; django.setup()
import json
from scim_provisioning.models import ScimUser
from scim_provisioning.protocol.identifiers import shown
from tests.compat_site.models import Account
rows = {row.user_id: shown(row.pk) for row in ScimUser.objects.all()}
of = Account.objects.filter(username__startswith="long").values_list("pk", "scim_id")
print(json.dumps([[rows[pk], scim_id] for pk, scim_id in of if pk in rows]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with empty_database(tmp_path_factory.mktemp("site")) as url:
        site = Site(url)
        site.run("settings_before", "-m", "django", "migrate", "-v0")
        site.run("settings_before", "-c", PREPARE)
        site.manage("migrate", "-v0")
        yield site


def test_what_cannot_be_kept_is_told_and_renumbered_when_asked(site):
    move = "import_django_scim2"
    assert "Name the connection" in site.manage(move, code=1)
    assert "no connection 'Okta'" in site.manage(move, "--connection", "Okta", code=1)
    site.manage("connection", "create", "Okta", "--username", "okta")

    told = site.manage(move)
    assert told.count("the id 'long") == 20
    assert "  left out: …\n" in told
    assert "left out: Admins: another group has that name" in told
    assert "named otherwise: ada: django-scim2 had 'lovelace'" in told
    assert "whose name is another's but for case: bob" in told
    assert json.loads(site.run("settings", "-c", IDS)) == []

    assert site.manage(move, "--renumber", "-v0") == ""
    renumbered = json.loads(site.run("settings", "-c", IDS))
    assert len(renumbered) == 22
    assert all(row == account for row, account in renumbered)
    report = json.loads(site.manage(move, "--json"))["user"]
    assert (report["left_out"], report["added"], report["ids"]) == ([], 0, 0)
