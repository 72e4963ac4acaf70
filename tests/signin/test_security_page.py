"""A person's own tokens, identities and sign-ins."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from scim_provisioning.auth import opaque, personal_tokens
from scim_provisioning.models import PersonalAccessToken
from tests.signin.fixtures import browser, local, provisioned

pytestmark = pytest.mark.django_db
PATH = "/accounts/security/"


def form(days=30, **changes):
    day = timezone.localdate() + timedelta(days=days)
    return {"description": "Backup", "expires": day.isoformat(), **changes}


def test_a_token_is_shown_once(scim):
    client = browser(provisioned(scim))
    page = client.post(PATH, form())
    token = "kvp_" + page.content.decode().partition("kvp_")[2][:49]
    row = PersonalAccessToken.objects.exclude(owner=scim.connection.acting_user).get()
    assert row.digest == opaque.digest(token)
    assert "no-store" in page["Cache-Control"]
    again = client.get(PATH).content.decode()
    assert token not in again
    assert row.hint in again


def test_only_who_configures_connections_makes_tokens_that_provision(client):
    user = local()
    client.force_login(user)
    client.post(PATH, form(scopes="scim"))
    user.user_permissions.add(Permission.objects.get(codename="change_connection"))
    client.post(PATH, form(scopes="scim"))
    scopes = PersonalAccessToken.objects.order_by("id").values_list("scopes", flat=True)
    assert list(scopes) == ["", "scim"]


@pytest.mark.parametrize("days", [-1, 366 * 2])
def test_a_token_ends_within_the_year(client, days):
    client.force_login(local())
    assert "errorlist" in client.post(PATH, form(days)).content.decode()
    assert not PersonalAccessToken.objects.exists()


def test_a_token_is_revoked_by_its_owner_alone(client, scim):
    foreign = PersonalAccessToken.objects.get()
    user = local()
    row, _ = personal_tokens.create(user)
    client.force_login(user)
    assert client.post(f"{PATH}tokens/{foreign.pk}/revoke/").status_code == 404
    assert client.get(f"{PATH}tokens/{row.pk}/revoke/").status_code == 405
    client.post(f"{PATH}tokens/{row.pk}/revoke/")
    row.refresh_from_db()
    assert row.revoked is not None
    assert row.hint not in client.get(PATH).content.decode()


def test_the_page_tells_of_identities_and_sign_ins(scim):
    text = browser(provisioned(scim)).get(PATH).content.decode()
    assert "https://idp.example.com" in text
    assert "The provider" in text


def test_the_page_is_for_the_signed_in(client):
    assert client.get(PATH).status_code == 302
