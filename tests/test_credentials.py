"""Credentials of a connection: made, rotated, revoked and listed; no right is ever added."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from scim_provisioning import auth, connections, counters, credential_list, credentials
from scim_provisioning.auth import opaque, portal_tokens
from scim_provisioning.connections import ConnectionProblem
from scim_provisioning.credentials import Kind
from scim_provisioning.models import ClientSecret, PersonalAccessToken
from scim_provisioning.protocol.errors import Unauthorized
from tests.oauth_client import OAuthClient, make_oauth
from tests.scim_client import USER
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def run(*arguments, capsys):
    call_command("connection", *arguments)
    return capsys.readouterr().out


def live(scim):
    return [row.key for row in credential_list.listed(scim.connection) if row.is_live]


def test_the_command_makes_a_client_secret_that_works(scim, capsys):
    made = json.loads(run("rotate", "idp", "--kind", "client", "--json", capsys=capsys))
    assert made["token_endpoint"].endswith("/oauth/token")
    oauth = OAuthClient(scim, made["client_id"], made["client_secret"])
    assert oauth.scim(oauth.ask(**oauth.body)).get("/Users").status == 200


def test_the_command_shows_a_secret_to_people_once(scim, capsys):
    shown = run("rotate", "idp", "--kind", "client", capsys=capsys)
    secret = next(line.split()[-1] for line in shown.splitlines() if "Client secret" in line)
    assert opaque.is_well_formed(secret, "kvs_")
    assert "shown this once" in shown
    listed = run("credentials", "idp", capsys=capsys)
    assert secret not in listed
    assert opaque.hint(secret) in listed


def test_the_list_tells_use_and_warns(scim, capsys):
    oauth = make_oauth(scim)
    oauth.scim(oauth.ask(**oauth.body)).user()
    for _ in range(3):
        scim.get("/Users")
    counters.flush()
    PersonalAccessToken.objects.update(expires=timezone.now() + timedelta(days=20))
    facts = json.loads(run("credentials", "idp", "--json", capsys=capsys))
    assert facts["client_id"] == oauth.client_id
    token, client = facts["credentials"]
    assert (token["key"].partition(":")[0], token["requests"], token["share"]) == ("token", 3, 0.75)
    assert (token["ends_within_days"], token["state"]) == (30, "ends within 30 days")
    assert (client["requests"], client["share"], client["state"]) == (1, 0.25, "live")
    assert (token["last_address"], client["last_address"]) == ("127.0.0.1", "127.0.0.1")


@pytest.mark.parametrize(
    ("days", "within"), [(6, 7), (7, 7), (8, 30), (30, 30), (89, 90), (91, None)]
)
def test_warnings_come_at_90_30_and_7_days(scim, days, within):
    end = timezone.now() + timedelta(days=days)
    PersonalAccessToken.objects.update(expires=end - timedelta(seconds=1))
    assert credential_list.listed(scim.connection)[0].ends_within == within


def test_ended_credentials_are_listed_last_and_for_a_month(scim):
    credentials.rotate(scim.connection)
    states = [row.state for row in credential_list.listed(scim.connection)]
    assert states == ["live", "revoked"]
    PersonalAccessToken.objects.exclude(revoked=None).update(
        revoked=timezone.now() - timedelta(days=31)
    )
    assert len(credential_list.listed(scim.connection)) == 1
    PersonalAccessToken.objects.filter(revoked=None).update(expires=timezone.now())
    assert [row.state for row in credential_list.listed(scim.connection)] == ["expired"]


def test_the_list_costs_the_same_however_many_there_are(scim, django_assert_num_queries):
    for _ in range(5):
        credentials.make(scim.connection, Kind.TOKEN)
    with django_assert_num_queries(6):
        credential_list.listed(scim.connection)


def test_the_list_without_any(scim, capsys):
    PersonalAccessToken.objects.all().delete()
    assert "no credentials" in run("credentials", "idp", capsys=capsys)


@pytest.mark.parametrize("kind", Kind)
def test_rotation_ends_the_old_ones_at_once(scim, kind):
    credentials.make(scim.connection, kind)
    made = credentials.rotate(scim.connection, kind)
    assert [key for key in live(scim) if key.startswith(kind)] == [made.key]


@pytest.mark.parametrize("kind", Kind)
def test_rotation_with_an_overlap_lets_the_old_one_live_on(scim, kind):
    if kind is Kind.CLIENT:
        credentials.make(scim.connection, kind)
    made = credentials.rotate(scim.connection, kind, overlap_days=7)
    old = next(
        row
        for row in credential_list.listed(scim.connection)
        if row.key.startswith(kind) and row.key != made.key
    )
    assert old.is_live
    assert old.expires <= timezone.now() + timedelta(days=7)


def test_no_third_secret_is_made_while_two_are_live(scim):
    credentials.make(scim.connection, Kind.CLIENT)
    credentials.rotate(scim.connection, Kind.CLIENT, overlap_days=7)
    before = live(scim)
    for act in (
        lambda: credentials.make(scim.connection, Kind.CLIENT),
        lambda: credentials.rotate(scim.connection, Kind.CLIENT, overlap_days=7),
    ):
        with pytest.raises(ConnectionProblem, match="Two client secrets"):
            act()
    assert live(scim) == before
    credentials.rotate(scim.connection, Kind.CLIENT)
    assert len([key for key in live(scim) if key.startswith("client")]) == 1


def test_rotation_keeps_the_scopes_of_a_secret(scim):
    make_oauth(scim, scopes="scim.read")
    credentials.rotate(scim.connection, Kind.CLIENT)
    assert set(ClientSecret.objects.values_list("scopes", flat=True)) == {"scim.read"}


def test_revoking_ends_one_credential(scim, capsys):
    oauth = make_oauth(scim)
    client = oauth.scim(oauth.ask(**oauth.body))
    key = f"client:{ClientSecret.objects.get().pk}"
    assert json.loads(run("revoke", "idp", key, "--json", capsys=capsys))["revoked"] == key
    assert client.get("/Users").status == 401
    assert auth.authenticate(scim.bearer, None)
    [token] = live(scim)
    assert token in run("revoke", "idp", token, capsys=capsys)
    with pytest.raises(Unauthorized):
        auth.authenticate(scim.bearer, None)


def test_a_new_connection_of_the_same_user_gets_no_old_secret(scim):
    oauth = make_oauth(scim)
    name = scim.username
    scim.connection.delete()
    made = connections.create_connection("again", username=name)
    assert oauth.ask(**oauth.body).status_code == 401
    fresh = credentials.make(made.connection, Kind.CLIENT)
    assert portal_tokens.application_model().objects.count() == 1
    assert fresh.client_id == oauth.client_id


@pytest.mark.parametrize(
    "arguments",
    [
        ["rotate", "idp", "--kind", "password"],
        ["rotate", "idp", "--kind", "client", "--days", "364"],
        ["rotate", "idp", "--kind", "client", "--days", "1096"],
        ["rotate", "idp", "--days", "0"],
        ["rotate", "idp", "--days", "99999999999"],
        ["rotate", "idp", "--kind", "client", "--overlap-days", "366"],
        ["revoke", "idp", "token:0"],
        ["revoke", "idp", "token:1x"],
        ["revoke", "idp", "token:" + "9" * 40],
        ["revoke", "idp", "token:１"],
        ["revoke", "idp", "nosuch:1"],
        ["revoke", "idp", ""],
        ["revoke", "idp", "\n"],
        ["revoke", "nosuch", "token:1"],
        ["credentials", "nosuch"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_changes_nothing(scim, arguments):
    before = live(scim)
    with pytest.raises(CommandError) as caught:
        call_command("connection", *arguments)
    assert "\n" not in str(caught.value)
    assert live(scim) == before


def test_scopes_are_checked(scim):
    with pytest.raises(ConnectionProblem):
        credentials.make(scim.connection, Kind.CLIENT, scopes="scimitar")


def test_another_connections_credential_cannot_be_revoked(scim, other):
    [theirs] = live(other)
    with pytest.raises(ConnectionProblem):
        credentials.revoke(scim.connection, theirs)


def test_without_the_toolkit_there_are_no_client_secrets(scim, settings):
    settings.INSTALLED_APPS = [a for a in settings.INSTALLED_APPS if a != "oauth2_provider"]
    with pytest.raises(ConnectionProblem, match="django-oauth-toolkit"):
        credentials.rotate(scim.connection, Kind.CLIENT)
    assert credentials.client_id(scim.connection) is None
    assert connections.token_endpoint() is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("overlap_days", [0, 7])
def test_rotations_at_once_leave_at_most_two_secrets_and_one_client(scim, overlap_days):
    make_oauth(scim)

    def rotate(_):
        try:
            credentials.rotate(scim.connection, Kind.CLIENT, overlap_days=overlap_days)
        except ConnectionProblem:
            return "refused"
        return "made"

    outcomes = at_once(rotate, range(4))
    secrets = [key for key in live(scim) if key.startswith("client")]
    assert outcomes.count("made") == (1 if overlap_days else 4)
    assert len(secrets) == (2 if overlap_days else 1)
    assert portal_tokens.application_model().objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_first_secrets_at_once_share_one_client(scim):
    made = at_once(lambda _: credentials.make(scim.connection, Kind.CLIENT).client_id, range(2))
    assert len(made) == 2
    assert len(set(made)) == 1


def test_users_made_by_a_token_are_told_apart_by_credential(scim):
    oauth = make_oauth(scim)
    client = oauth.scim(oauth.ask(**oauth.body))
    for number, sender in enumerate((scim, client)):
        body = {"schemas": [USER], "userName": f"u{number}@example.com"}
        assert sender.post("/Users", body).status == 201
    shares = {
        row.key.partition(":")[0]: row.share for row in credential_list.listed(scim.connection)
    }
    assert shares == {"token": 0.5, "client": 0.5}
