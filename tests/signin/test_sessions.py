"""What ends a session, and that nothing revives it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kyvos_portal.signin.models import Identity
from kyvos_portal.signin.rule import Origin
from scim_provisioning.auth import personal_tokens
from scim_provisioning.models import OIDCApplication, ScimUser
from tests.scim_client import PREFIX
from tests.signin.fixtures import ISSUER, PASSWORD, browser, is_signed_in, local, provisioned

pytestmark = pytest.mark.django_db


def set_active(scim, user, value):
    answer = scim.patch(
        f"/Users/{user.scim.pk}", {"op": "replace", "path": "active", "value": value}
    )
    assert answer.status == 200


def status_of(token):
    headers = {"authorization": f"Bearer {token}"}
    return Client().get(f"{PREFIX}/Users", headers=headers).status_code


def test_deactivation_ends_everything_at_once_and_reactivation_revives_nothing(scim):
    user = provisioned(scim)
    client = browser(user)
    _, token = personal_tokens.create(user)
    cookie = client.cookies["sessionid"].value
    assert is_signed_in(client)
    assert status_of(token) == 403  # known, and no connection acts as this person
    set_active(scim, user, False)
    assert not is_signed_in(client)
    assert status_of(token) == 401
    set_active(scim, user, True)
    client.cookies["sessionid"] = cookie
    assert not is_signed_in(client)
    assert status_of(token) == 401
    _, later = personal_tokens.create(user)
    assert status_of(later) == 403


def test_a_session_is_dead_even_if_nobody_clicked_while_it_was_off(scim):
    user = provisioned(scim)
    client = browser(user)
    set_active(scim, user, False)
    set_active(scim, user, True)
    assert not is_signed_in(client)
    assert not Session.objects.exists()


def test_a_deleted_account_is_out(scim):
    user = provisioned(scim)
    client = browser(user)
    scim.delete(f"/Users/{user.scim.pk}")
    assert not is_signed_in(client)


def test_an_erased_account_is_out(scim):
    user = provisioned(scim)
    client = browser(user)
    scim.connection.delete_policy = "erase"
    scim.connection.save()
    scim.delete(f"/Users/{user.scim.pk}")
    assert not is_signed_in(client)


def test_an_account_that_an_administrator_disables_is_out_and_keeps_its_password():
    user = local()
    client = Client()
    client.force_login(user)
    user.is_active = False
    user.save()
    assert not is_signed_in(client)
    user.is_active = True
    user.save()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not is_signed_in(client)


@pytest.fixture
def old():
    """An account from before SCIM, of which it has no row."""
    user = local()
    ScimUser.objects.filter(user=user).delete()
    return type(user).objects.get(pk=user.pk)


def test_an_account_from_before_scim_that_was_disabled_stays_out_too(old):
    client = Client()
    client.force_login(old)
    _, token = personal_tokens.create(old)
    for active in (False, True):
        old.is_active = active
        old.save()
    assert not is_signed_in(client)
    assert status_of(token) == 401


def test_an_identity_that_is_removed_from_an_account_from_before_scim_ends_its_access(old):
    client = browser(old, origin=Origin.LINK)
    assert is_signed_in(client)
    Identity.objects.get().delete()
    assert not is_signed_in(client)


def test_an_identity_that_is_removed_ends_what_it_opened(scim):
    user = provisioned(scim)
    client = browser(user)
    _, token = personal_tokens.create(user)
    Identity.objects.get().delete()
    assert not is_signed_in(client)
    assert status_of(token) == 401


def test_applications_that_are_disabled_in_the_admin_end_what_they_opened(scim, admin_client):
    row = OIDCApplication.objects.create(name="A", issuer=ISSUER, client_id="c", sign_in=True)
    client = browser(provisioned(scim))
    assert is_signed_in(client)
    data = {"action": "disable", "yes": "1", "_selected_action": [row.pk]}
    admin_client.post("/admin/scim_provisioning/oidcapplication/", data)
    assert not is_signed_in(client)


def test_another_issuer_keeps_nobody_in_whom_the_first_let_in(scim):
    row = OIDCApplication.objects.create(name="A", issuer=ISSUER, client_id="c", sign_in=True)
    client = browser(provisioned(scim))
    row.name = "B"
    row.save()
    assert is_signed_in(client)
    row.issuer = "https://other.example.com"
    row.save()
    assert not is_signed_in(client)


def test_becoming_staff_ends_a_session_without_a_link(scim):
    user = provisioned(scim)
    matched, linked = browser(user), browser(provisioned(scim, "bob"), origin=Origin.LINK)
    type(user).objects.update(is_staff=True)
    assert not is_signed_in(matched)
    assert is_signed_in(linked)


def test_an_account_that_moves_to_another_connection_signs_in_again(scim, other):
    user = provisioned(scim)
    client = browser(user)
    ScimUser.objects.filter(user=user).update(connection=other.connection)
    assert not is_signed_in(client)


def test_a_service_account_is_nobody_on_pages(scim):
    client = Client()
    client.force_login(scim.connection.acting_user)
    assert not is_signed_in(client)


@pytest.mark.parametrize("facts", [None, "x", []])
def test_a_session_of_unknown_beginning_is_over(facts):
    client = Client()
    client.force_login(local())
    session = client.session
    session["sign-in"] = facts
    session.save()
    assert not is_signed_in(client)


def test_a_session_ends_some_hours_after_sign_in_however_busy_it_was(settings):
    client = Client()
    client.force_login(local())
    session = client.session
    old = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)
    session["sign-in"] = {**session["sign-in"], "at": old.isoformat()}
    session.save()
    assert not is_signed_in(client)


def test_a_signed_in_page_asks_once_for_the_session_and_once_for_the_user(scim):
    client = browser(provisioned(scim))
    with CaptureQueriesContext(connection) as queries:
        assert is_signed_in(client)
    texts = [query["sql"] for query in queries]
    who = [
        sql for sql in texts if "django_session" in sql or '"kyvos_portal_user"."password"' in sql
    ]
    assert who == texts[:2]


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
def test_tokens_open_no_pages(scim, scheme):
    authorization = scim.bearer if scheme == "Bearer" else scim.basic
    for path in ("/", "/admin/", "/accounts/security/"):
        answer = Client().get(path, headers={"authorization": authorization})
        assert answer.status_code == 302
