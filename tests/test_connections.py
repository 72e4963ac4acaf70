"""Connections by command: made once, rotated, paused and resumed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.utils import timezone

from scim_provisioning import auth, connections, credentials
from scim_provisioning.auth import personal_tokens
from scim_provisioning.auth.principals import BOTH
from scim_provisioning.models import Connection, PersonalAccessToken, State
from scim_provisioning.protocol.errors import Unauthorized

pytestmark = pytest.mark.django_db


def run(*arguments, capsys):
    call_command("connection", *arguments)
    return capsys.readouterr().out


def test_create_shows_the_token_once(capsys):
    first = json.loads(run("create", "Okta", "--json", capsys=capsys))
    assert first["base_url"].endswith("/rest/scim/v2")
    assert first["token"].startswith("kvp_")
    again = json.loads(run("create", "Okta", "--profile", "okta", "--json", capsys=capsys))
    assert (again["token"], again["username"]) == (None, first["username"])
    assert Connection.objects.get().profile == "okta"


def test_create_speaks_to_people_too(capsys):
    assert "shown this once" in run("create", "Okta", capsys=capsys)
    assert "rotate" in run("create", "Okta", capsys=capsys)


def test_the_acting_user_has_no_password(capsys):
    connections.create_connection("Okta", username="okta@example.com")
    assert not Connection.objects.get().acting_user.has_usable_password()


def test_rotate_ends_the_old_token(capsys):
    connections.create_connection("Okta")
    run("rotate", "Okta", capsys=capsys)
    assert PersonalAccessToken.objects.filter(revoked=None).count() == 1


def test_rotate_with_an_overlap_lets_the_old_token_live_on(capsys):
    connections.create_connection("Okta")
    run("rotate", "Okta", "--overlap-days", "7", "--json", capsys=capsys)
    rows = PersonalAccessToken.objects.filter(revoked=None).order_by("expires")
    assert rows.count() == 2
    assert rows[0].expires <= timezone.now() + timedelta(days=7)


def test_pause_and_resume(capsys):
    connections.create_connection("Okta")
    assert "paused" in run("pause", "Okta", capsys=capsys)
    assert Connection.objects.get().state == State.PAUSED
    assert json.loads(run("resume", "Okta", "--json", capsys=capsys))["state"] == "active"


def test_list(capsys):
    assert "no connections" in run("list", capsys=capsys)
    connections.create_connection("Okta")
    assert "never seen" in run("list", capsys=capsys)
    assert json.loads(run("list", "--json", capsys=capsys))[0]["name"] == "Okta"


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", ""],
        ["create", "x" * 101],
        ["create", "a\nb"],
        ["create", "Okta", "--profile", "nosuch"],
        ["create", "Okta", "--scopes", "scim.admin"],
        ["create", "Okta", "--username", "disabled@example.com"],
        ["create", "Okta", "--username", "staff@example.com"],
        ["create", "Okta", "--username", "taken@example.com"],
        ["create", "Okta", "--username", "provisioned@example.com"],
        ["create", "Okta", "--username", "x" * 300],
        ["create", "taken", "--username", "other@example.com"],
        ["rotate", "nosuch"],
        ["rotate", "a\nb"],
        ["rotate", "taken", "--overlap-days", "-1"],
        ["rotate", "taken", "--overlap-days", "99999999999"],
        ["pause", "nosuch"],
        ["fly", "taken"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line(arguments, capsys):
    model = get_user_model()
    model(**{model.USERNAME_FIELD: "staff@example.com", "is_staff": True}).save()
    model(**{model.USERNAME_FIELD: "disabled@example.com", "is_active": False}).save()
    made = connections.create_connection("taken", username="taken@example.com")
    user = model(**{model.USERNAME_FIELD: "provisioned@example.com"})
    user.save()
    user.scim.connection = made.connection
    user.scim.save()
    with pytest.raises(CommandError) as caught:
        call_command("connection", *arguments)
    assert "\n" not in str(caught.value)
    assert Connection.objects.count() == 1


def test_profiles_are_checked_without_the_command_too():
    with pytest.raises(connections.ConnectionProblem):
        connections.create_connection("Okta", profile="nosuch")


@pytest.mark.parametrize("scopes", ["scim", "scim.read"])
def test_rotation_keeps_the_scopes(scopes):
    made = connections.create_connection("Okta", scopes=scopes)
    principal = auth.authenticate(f"Bearer {made.token}", None)
    rotated = auth.authenticate(f"Bearer {credentials.rotate(made.connection).secret}", None)
    assert rotated.scopes == principal.scopes


def test_rotation_beside_a_narrower_token_keeps_the_wider_scopes():
    made = connections.create_connection("Okta")
    personal_tokens.create(made.connection.acting_user, scopes="scim.read")
    rotated = auth.authenticate(f"Bearer {credentials.rotate(made.connection).secret}", None)
    assert rotated.scopes == BOTH


def test_rotation_without_any_token_makes_one():
    made = connections.create_connection("Okta")
    PersonalAccessToken.objects.all().delete()
    assert (
        auth.authenticate(f"Bearer {credentials.rotate(made.connection).secret}", None).scopes
        == BOTH
    )


def test_names_that_read_alike_get_users_of_their_own():
    first, second = map(connections.create_connection, ("Okta", "Okta!"))
    assert first.username != second.username


def test_an_account_of_the_default_name_is_never_taken_over():
    first = connections.create_connection("Okta")
    first.connection.delete()
    assert connections.create_connection("Okta").username != first.username


def test_tokens_of_a_connection_long_gone_open_nothing():
    first = connections.create_connection("Okta", username="idp@example.com")
    first.connection.delete()
    second = connections.create_connection("Entra", username="idp@example.com")
    with pytest.raises(Unauthorized):
        auth.authenticate(f"Bearer {first.token}", None)
    assert auth.authenticate(f"Bearer {second.token}", None).connection_name == "Entra"


def test_a_user_model_that_wants_more_is_one_line(monkeypatch):
    def refuse(*args, **kwargs):
        raise IntegrityError("NOT NULL")

    monkeypatch.setattr(get_user_model(), "save", refuse)
    with pytest.raises(connections.ConnectionProblem, match="make the account first"):
        connections.create_connection("Okta")


def test_what_is_not_named_again_stays(capsys):
    run("create", "Okta", "--profile", "okta", capsys=capsys)
    run("create", "Okta", capsys=capsys)
    assert Connection.objects.get().profile == "okta"


def test_a_new_connection_understands_every_identity_provider(capsys):
    run("create", "Okta", capsys=capsys)
    assert Connection.objects.get().profile == "auto"
