"""Connections by command: made once, rotated, paused and resumed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from scim_provisioning import connections
from scim_provisioning.models import Connection, PersonalAccessToken, State

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
        ["create", "Okta", "--profile", "nosuch"],
        ["create", "Okta", "--username", "staff@example.com"],
        ["create", "Okta", "--username", "taken@example.com"],
        ["create", "Okta", "--username", "provisioned@example.com"],
        ["create", "Okta", "--username", "x" * 300],
        ["create", "taken", "--username", "other@example.com"],
        ["rotate", "nosuch"],
        ["rotate", "taken", "--overlap-days", "-1"],
        ["pause", "nosuch"],
        ["fly", "taken"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line(arguments, capsys):
    model = get_user_model()
    model(**{model.USERNAME_FIELD: "staff@example.com", "is_staff": True}).save()
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
