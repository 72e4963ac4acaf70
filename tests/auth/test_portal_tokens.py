"""Tokens of the site's own endpoint as bearer tokens: what opens the API, and what ends that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from scim_provisioning import auth, connections, counters
from scim_provisioning.auth import opaque, portal_tokens
from scim_provisioning.models import ClientSecret, ProvisioningEvent, RequestCount, ScimUser, State
from scim_provisioning.protocol.errors import Unauthorized
from tests.oauth_client import make_oauth

pytestmark = pytest.mark.django_db


@pytest.fixture
def oauth(scim):
    return make_oauth(scim)


@pytest.fixture
def client(oauth):
    return oauth.scim(oauth.ask(**oauth.body))


def stored():
    return portal_tokens.access_token_model().objects.get()


def test_a_token_acts_for_its_connection(client, scim):
    principal = auth.authenticate(client.bearer, None)
    assert (principal.connection_id, principal.pk) == (
        scim.connection.pk,
        scim.connection.acting_user_id,
    )
    assert (principal.credential, principal.sign_in_class) == ("oauth", "oauth")
    assert principal.credential_key == f"client:{ClientSecret.objects.get().pk}"
    assert principal.scopes == {"scim.read", "scim.write"}


def test_a_token_carries_no_user_and_is_stored_as_a_digest(client):
    row = stored()
    assert (row.user, row.token, row.token_checksum) == (None, "", opaque.digest(client.token))


def test_users_that_it_creates_have_the_sign_in_class_of_oauth(client):
    made = client.user()
    assert ScimUser.objects.get(pk=made["id"]).sign_in_class == "oauth"
    key = f"client:{ClientSecret.objects.get().pk}"
    assert ProvisioningEvent.objects.get().credential_key == key


def test_reads_are_counted_for_the_secret_and_its_use_is_noted(client):
    client.get("/Users")
    counters.flush()
    secret = ClientSecret.objects.get()
    assert RequestCount.objects.get().credential_key == f"client:{secret.pk}"
    assert secret.last_address == "127.0.0.1"
    assert secret.last_used is not None


def test_one_statement_tells_all_about_it(client, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(1):
            auth.authenticate(client.bearer, None)


def test_it_counts_in_the_authorization_header_only(client):
    token = client.token
    for path in (f"/Users?access_token={token}", f"/Users?token={token}"):
        assert client.get(path, authorization=None).status == 401
    client.http.cookies["access_token"] = token
    assert client.get("/Users", authorization=None).status == 401
    for header in (token, f"Basic {token}", f"Token {token}"):
        assert client.get("/Users", authorization=header).status == 401


def end_token():
    type(stored()).objects.update(expires=timezone.now())


def end_secret():
    ClientSecret.objects.update(expires=timezone.now())


def revoke_secret():
    ClientSecret.objects.update(revoked=timezone.now())


def delete_secret():
    ClientSecret.objects.all().delete()


def change_grant():
    portal_tokens.application_model().objects.update(authorization_grant_type="password")


def delete_application():
    portal_tokens.application_model().objects.all().delete()


def delete_token():
    type(stored()).objects.all().delete()


ENDINGS = [
    end_token,
    end_secret,
    revoke_secret,
    delete_secret,
    change_grant,
    delete_application,
    delete_token,
]


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
def test_an_ending_stops_the_next_request(client, end):
    assert client.get("/Users").status == 200
    end()
    assert client.get("/Users").status == 401


def test_disabling_the_user_stops_it_and_enabling_revives_nothing(client, oauth, scim):
    user = scim.connection.acting_user
    for active in (False, True):
        user.is_active = active
        user.save()
        assert client.get("/Users").status == 401
        assert oauth.ask(**oauth.body).status_code == 401


def test_deleting_or_pausing_the_connection_stops_it(client, scim):
    connections.set_state(scim.connection, State.PAUSED)
    assert client.post("/Users", {}).status == 429
    connections.set_state(scim.connection, State.ACTIVE)
    scim.connection.delete()
    assert client.get("/Users").status == 401


def test_a_secret_of_another_connection_keeps_no_token_alive(client, oauth, other):
    theirs = make_oauth(other)
    token = theirs.ask(**theirs.body).json()["access_token"]
    portal_tokens.access_token_model().objects.update(
        application=portal_tokens.application_model().objects.get(client_id=oauth.client_id)
    )
    with pytest.raises(Unauthorized):
        auth.authenticate(f"Bearer {token}", None)


MALFORMED = {
    "no credential": lambda t: t.partition("-")[0],
    "another credential": lambda t: t.rpartition("-")[0] + "-999999",
    "another kind": lambda t: t.replace("-client-", "-token-"),
    "an unknown kind": lambda t: t.replace("-client-", "-nosuch-"),
    "no number": lambda t: t.rpartition("-")[0] + "-",
    "a letter": lambda t: t.rpartition("-")[0] + "-x",
    "wide digits": lambda t: t.rpartition("-")[0] + "-１",
    "a huge number": lambda t: t.rpartition("-")[0] + "-" + "9" * 30,
    "the largest number": lambda t: t.rpartition("-")[0] + "-" + "9" * 18,
    "leading zero": lambda t: t.replace("-client-", "-client-0"),
    "more at the end": lambda t: t + "-1",
    "a letter changed": lambda t: t[:9] + ("a" if t[9] != "a" else "b") + t[10:],
    "NUL": lambda t: t + "\x00",
    "not ASCII": lambda t: t + "é",
    "its digest": opaque.digest,
    "a JWT": lambda t: "e30.e30.e30",
    "nothing": lambda t: "",
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_was_not_issued_is_refused(client, change):
    with pytest.raises(Unauthorized):
        auth.authenticate(f"Bearer {change(client.token)}", None)


def test_a_token_of_the_toolkit_itself_opens_nothing(client, oauth):
    token = "x" * 40
    portal_tokens.access_token_model().objects.create(
        application=portal_tokens.application_model().objects.get(),
        token="",
        token_checksum=opaque.digest(token),
        expires=timezone.now() + timedelta(hours=1),
        scope="scim",
    )
    with pytest.raises(Unauthorized):
        auth.authenticate(f"Bearer {token}", None)


def test_a_secret_is_no_bearer_token(oauth):
    with pytest.raises(Unauthorized):
        auth.authenticate(f"Bearer {oauth.secret}", None)
