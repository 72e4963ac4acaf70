"""Signing in with a password, and what those who may not see of it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from kyvos_portal.signin import checks
from kyvos_portal.signin.models import SignInEvent
from kyvos_portal.signin.rule import Reason
from tests.signin.fixtures import PASSWORD, few, is_signed_in, local, provisioned

pytestmark = pytest.mark.django_db
PATH = "/accounts/login/"


def attempt(client, name, password=PASSWORD, **more):
    return client.post(PATH, {"username": name, "password": password, **more})


def seen(page, name):
    """Return what a page says, without what differs each time and what was typed."""
    assert "That did not work" in page.content.decode()
    text = page.content.decode().replace(name, "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def test_a_local_account_signs_in_and_it_is_written_down(client):
    user = local()
    assert attempt(client, user.username, next="/accounts/security/")["Location"] == (
        "/accounts/security/"
    )
    event = SignInEvent.objects.get()
    assert (event.user, event.way, event.reason, event.address) == (
        user, "password", "", "127.0.0.1",
    )  # fmt: skip
    assert is_signed_in(client)


def test_everybody_who_is_refused_sees_the_same(scim):
    person = provisioned(scim)
    person.set_password(PASSWORD)
    person.save()
    local("off@example.com", is_active=False)
    local()
    names = [person.username, "off@example.com", "nobody", scim.connection.acting_user.username]
    tries = [*((name, PASSWORD) for name in names), ("local@example.com", "wrong")]
    pages = [(name, attempt(Client(), name, password)) for name, password in tries]
    assert len({seen(page, name) for name, page in pages}) == 1
    pages = [page for _, page in pages]
    assert {page.status_code for page in pages} == {200}
    assert set(SignInEvent.objects.values_list("reason", flat=True)) == {
        Reason.CLASS, Reason.INACTIVE, Reason.CREDENTIALS,
    }  # fmt: skip


def test_attempts_are_throttled_before_the_hash(client, settings, django_assert_max_num_queries):
    local()
    few(settings)
    for _ in range(3):
        attempt(client, "local@example.com", "wrong")
    with django_assert_max_num_queries(2):  # list the ways in
        page = attempt(client, "local@example.com")
    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    assert not is_signed_in(client)


def test_throttled_pages_leave_provisioning_alone(scim, client):
    for _ in range(40):
        attempt(client, scim.username, "wrong")
    assert scim.get("/Users", authorization=scim.basic).status == 200
    scim.connection.acting_user.set_password(PASSWORD)
    scim.connection.acting_user.save()
    scim.token = PASSWORD
    assert scim.get("/Users", authorization=scim.basic).status == 200


def test_the_admin_has_no_way_in_of_its_own(client):
    answer = client.get("/admin/kyvos_portal/user/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=%2Fadmin%2F")
    assert client.post("/admin/login/", {"username": "x", "password": "y"})["Location"] == PATH


def test_whoever_is_no_staff_is_told_so(client):
    client.force_login(local())
    page = client.get("/admin/", follow=True)
    assert "may not open that page" in page.content.decode()


def test_a_foreign_next_is_not_followed(client):
    local()
    answer = attempt(client, "local@example.com", next="https://evil.example.com/")
    assert answer["Location"] == "/"


def test_passwords_off_leaves_the_named_administrator(client, settings):
    settings.PASSWORD_SIGN_IN, settings.EMERGENCY_ADMINISTRATOR = False, "boss"
    local(), local("boss", is_staff=True, is_superuser=True)
    assert "<details" in client.get(PATH).content.decode()
    attempt(client, "local@example.com")
    assert not is_signed_in(client)
    assert SignInEvent.objects.get().reason == Reason.PASSWORDS_OFF
    attempt(client, "boss")
    assert client.get("/admin/").status_code == 200


def test_e001_passwords_off_for_everyone(settings):
    assert checks.check_emergency() == []
    settings.PASSWORD_SIGN_IN = False
    assert [message.id for message in checks.check_emergency()] == ["kyvos_portal.E001"]
    settings.EMERGENCY_ADMINISTRATOR = "boss"
    assert checks.check_emergency() == []


def test_signing_in_costs_the_same_for_everybody(client, django_assert_max_num_queries):
    local()
    with django_assert_max_num_queries(16):
        attempt(client, "local@example.com")
    assert is_signed_in(client)


def test_signing_out_is_a_post(client):
    client.force_login(local())
    assert client.get("/accounts/logout/").status_code == 405
    client.post("/accounts/logout/")
    assert not is_signed_in(client)
