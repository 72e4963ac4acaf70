"""Secrets at rest: unreadable without a key, and keys that rotate."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection

from scim_provisioning import encryption
from scim_provisioning.models import OIDCApplication

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
SECRET = "s3cr3t of a client"


@pytest.fixture
def keys(settings):
    def use(*names):
        settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "ENCRYPTION_KEYS": names}

    use(OLD)
    return use


@pytest.fixture
def stored(db, keys):
    row = OIDCApplication(name="Okta", slug="okta", issuer="https://idp.example.com")
    row.client_secret = SECRET
    row.save()
    return row


def columns():
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM scim_provisioning_oidcapplication")
        return str(cursor.fetchall())


def reread():
    return OIDCApplication.objects.get().client_secret


def test_a_secret_is_not_in_the_database_in_clear(stored):
    assert SECRET not in columns()
    assert reread() == SECRET


def test_no_secret_is_the_empty_text(stored):
    stored.client_secret = ""
    stored.save()
    assert (reread(), stored.encrypted_client_secret) == ("", "")


def test_keys_rotate(stored, keys):
    before = columns()
    keys(NEW, OLD)
    assert reread() == SECRET
    out = StringIO()
    call_command("reencrypt", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"secrets": 1}
    assert columns() != before
    keys(NEW)
    assert reread() == SECRET


def test_a_missing_key_is_named_by_its_setting_and_changes_nothing(stored, keys):
    before = columns()
    keys(NEW)
    with pytest.raises(encryption.KeyMissing, match="ENCRYPTION_KEYS"):
        reread()
    with pytest.raises(CommandError, match="ENCRYPTION_KEYS"):
        call_command("reencrypt")
    assert columns() == before


def test_a_missing_key_breaks_no_list(stored, keys):
    keys()
    assert [row.name for row in OIDCApplication.objects.all()] == ["Okta"]
    with pytest.raises(encryption.KeyMissing, match="is empty"):
        encryption.encrypt("x")


@pytest.mark.parametrize("bad", ["", "short", "é" * 44, "!" * 44])
def test_e010_broken_key_is_not_shown(keys, bad):
    keys(NEW, bad)
    [found] = [m for m in run_checks() if m.id == "scim_provisioning.E010"]
    assert "key 2" in found.msg
    assert not bad or bad not in found.msg
    with pytest.raises(encryption.KeyMissing):
        encryption.encrypt("x")
