"""The test directory: the same one every time, taken up where it stopped."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from scim_provisioning.connections import create_connection
from scim_provisioning.directory import seeding
from scim_provisioning.models import Connection, ExternalId, MultiValue, ScimGroup, ScimUser
from scim_provisioning.resources.relations import membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return create_connection("seeds").connection


def numbered():
    return ScimUser.objects.filter(user_name__startswith="user0").order_by("created", "id")


def test_creation_order_is_the_numeric_order(owner):
    seeding.seed(owner, seeding.Plan(30, 0, 0))
    names = [user.user_name for user in numbered()]
    assert names == [seeding.user_name(n) for n in range(1, 31)]


def test_seeded_users_are_what_a_client_would_have_created(scim):
    seeding.seed(scim.connection, seeding.Plan(3, 0, 0))
    found = scim.get('/Users?filter=userName eq "USER000002@example.com"').body["Resources"][0]
    wanted = seeding.user_document(2)
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "filter_",
    [
        'name.givenName eq "first2"',
        'emails[type eq "work"].value eq "user000002@EXAMPLE.com"',
        f'externalId eq "{seeding.user_document(2)["externalId"]}"',
    ],
    ids=["folded column", "value path", "external id"],
)
def test_filters_find_seeded_users(scim, filter_):
    seeding.seed(scim.connection, seeding.Plan(3, 0, 0))
    assert scim.search("/Users", filter_).body["totalResults"] == 1


def test_a_second_run_adds_nothing(owner):
    plan = seeding.Plan(40, 3, 20)
    first = seeding.seed(owner, plan)
    assert (first.users, first.groups) == (40, 3)
    assert seeding.seed(owner, plan) == seeding.Seeded(0, 0, 0)


def test_a_run_takes_up_what_is_missing(owner):
    seeding.seed(owner, seeding.Plan(10, 2, 5))
    ScimUser.objects.filter(user_name=seeding.user_name(4)).delete()
    added = seeding.seed(owner, seeding.Plan(12, 2, 12))
    assert (added.users, added.groups) == (3, 0)
    assert numbered().filter(connection=owner).count() == 12


def test_a_small_batch_size_gives_the_same_directory(owner, monkeypatch):
    monkeypatch.setattr(seeding, "BATCH", 20)
    seeding.seed(owner, seeding.Plan(50, 4, 45))
    assert numbered().count() == MultiValue.objects.count() == 50
    assert ExternalId.objects.count() == 54


def test_the_big_group_holds_the_first_users(owner):
    seeding.seed(owner, seeding.Plan(30, 2, 7))
    through, _, group = membership()
    big = ScimGroup.objects.get(display_name="big")
    members = through._default_manager.filter(**{group: big.group_id})
    names = members.values_list("user__scim__user_name", flat=True)
    assert sorted(names) == [seeding.user_name(n) for n in range(1, 8)]


def test_other_groups_have_twenty_members(scim):
    seeding.seed(scim.connection, seeding.Plan(500, 2, 0))
    [group] = scim.search("/Groups", 'displayName eq "group-2"').body["Resources"]
    assert len(group["members"]) == seeding.MEMBERS


def test_seeded_accounts_cannot_sign_in_with_a_password(owner):
    seeding.seed(owner, seeding.Plan(1, 0, 0))
    assert not numbered().get().user.has_usable_password()


def test_progress_reaches_the_end(owner):
    plan, steps = seeding.Plan(30, 5, 12), []
    seeding.seed(owner, plan, steps.append)
    seeding.seed(owner, plan, steps.append)
    assert sum(steps) == 2 * plan.steps


@pytest.mark.parametrize(
    "plan",
    [
        seeding.Plan(-1, 0, 0),
        seeding.Plan(5, 1, 6),
        seeding.Plan(5, 0, 5),
        seeding.Plan(0, 2, 0),
    ],
    ids=["negative", "more members than users", "no group to fill", "groups without users"],
)
def test_numbers_that_do_not_go_together_are_refused(owner, plan):
    with pytest.raises(seeding.SeedingProblem):
        seeding.seed(owner, plan)


def run(*arguments):
    output = StringIO()
    call_command("seed_directory", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_makes_the_connection_and_shows_its_token():
    facts = json.loads(run("--users", "2", "--connection", "fresh", "--json"))
    made = Connection.objects.get(name="fresh")
    assert facts["token"].startswith("kvp_")
    assert facts["username"] == made.acting_user.get_username()
    assert facts["users"] == made.users.count() == 2


def test_the_command_says_what_it_did():
    assert "Added 2 users, 1 groups" in run("--users", "2", "--groups", "1")
    assert "Token" not in run("--users", "2", "--groups", "1")


@pytest.mark.parametrize(
    "arguments",
    [("--users", "-1"), ("--users", "1", "--connection", " ")],
    ids=["numbers", "connection"],
)
def test_errors_are_one_line(arguments):
    with pytest.raises(CommandError, match=r"^[^\n]+$"):
        run(*arguments)
