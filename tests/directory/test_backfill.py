"""Rows for existing accounts, and drift found and mended, in batches of constant cost."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scim_provisioning.directory import backfill, sync
from scim_provisioning.models import Finding, FindingKind, MultiValue, ScimGroup, ScimUser
from scim_provisioning.resources import mirror

pytestmark = pytest.mark.django_db


def old_users(*names, **fields):
    """Accounts from before SCIM: no signal has seen them."""
    model = get_user_model()
    made = [model(**{model.USERNAME_FIELD: name}, **fields) for name in names]
    return model._default_manager.bulk_create(made)


def old_group(name):
    [group] = Group.objects.bulk_create([Group(name=name)])
    return group


def change(user, **fields):
    """Change an account behind SCIM's back."""
    get_user_model()._default_manager.filter(pk=user.pk).update(**fields)


def row(user):
    return ScimUser.objects.get(user=user.pk)


def rename(user, name):
    change(user, **{get_user_model().USERNAME_FIELD: name})


def findings(kind):
    return Finding.objects.filter(kind=kind)


def test_a_row_made_for_a_disabled_account_ends_what_was_issued_to_it():
    """Who enables it later revives no session and no token."""
    old_users("ada@example.com", is_active=False)
    old_users("bob@example.com")
    backfill.run()
    ended = ScimUser.objects.order_by("user_name").values_list("credentials_valid_after", flat=True)
    assert [moment is not None for moment in ended] == [True, False]


def test_missing_rows_are_made_once():
    old_users("ada@example.com", "bob@example.com")
    old_group("Ops")
    report = backfill.run()
    assert (report.users.added, report.groups.added) == (2, 1)
    assert backfill.run().is_clean
    assert ScimUser.objects.count() == 2


def test_backfilled_users_are_found_by_clients(scim):
    [user] = old_users("Ada@Example.com")
    backfill.run()
    found = scim.search("/Users", 'userName eq "ada@example.com"').body
    assert found["Resources"][0]["id"] == str(row(user).pk)


def test_batches_cover_everything(monkeypatch):
    monkeypatch.setattr(backfill, "BATCH", 3)
    old_users(*(f"u{n}@example.com" for n in range(10)))
    steps = []
    assert backfill.run(progress=steps.append).users.added == 10
    assert steps == [3, 3, 3, 1]
    assert sum(steps) == backfill.total()


def test_names_equal_once_folded_lose_their_key_and_become_findings():
    old_users("bob@example.com", "BOB@example.com")
    backfill.run()
    keys = ScimUser.objects.values_list("user_name_key", flat=True)
    assert set(keys) == {"bob@example.com", None}
    assert findings(FindingKind.COLLISION).count() == 1
    assert backfill.run(mend=False).is_clean


def test_of_names_that_collide_the_oldest_account_keeps_its_own():
    first, second = old_users("bob@example.com", "BOB@example.com")
    backfill.run()
    assert row(first).user_name_key == "bob@example.com"
    assert row(second).user_name_key is None


@pytest.mark.parametrize("by", ["signal", "backfill"])
def test_a_collision_is_settled_by_another_name(by):
    _, second = old_users("bob@example.com", "BOB@example.com")
    backfill.run()
    if by == "signal":
        second.__dict__[get_user_model().USERNAME_FIELD] = "robert@example.com"
        second.save()
    else:
        rename(second, "robert@example.com")
        backfill.run()
    assert row(second).user_name_key == "robert@example.com"
    assert findings(FindingKind.COLLISION).get().resolved


def test_a_name_gets_its_key_once_the_other_is_gone():
    first, second = old_users("bob@example.com", "BOB@example.com")
    backfill.run()
    rename(first, "robert@example.com")
    backfill.run()
    backfill.run()
    assert row(second).user_name_key == "bob@example.com"
    assert findings(FindingKind.COLLISION).get().resolved


@pytest.mark.parametrize(
    ("fields", "listed"),
    [({}, True), ({"is_staff": True}, False), ({"is_superuser": True}, False)],
    ids=["plain", "staff", "superuser"],
)
def test_protected_accounts_get_unlisted_rows(fields, listed):
    [user] = old_users("ada@example.com", **fields)
    backfill.run()
    assert row(user).listed is listed


def test_acting_users_get_unlisted_rows(scim):
    ScimUser.objects.all().delete()
    backfill.run()
    assert not row(scim.connection.acting_user).listed


def test_groups_with_permissions_get_unlisted_rows():
    group = old_group("Editors")
    group.permissions.through.objects.create(group=group, permission=Permission.objects.first())
    backfill.run()
    assert not ScimGroup.objects.get().listed


@pytest.fixture
def user(scim):
    made = scim.user("ada@example.com", emails=[{"value": "a@x.org", "primary": True}])
    return ScimUser.objects.get(pk=made["id"]).user


def test_what_clients_wrote_is_no_drift(scim, user):
    scim.group("A" * 200, [str(row(user).pk)])
    scim.user("bare@example.com", active=False)
    scim.delete(f"/Users/{scim.user('gone@example.com')['id']}")
    assert backfill.run(mend=False).is_clean


DRIFT = [
    (mirror.FIRST_NAME, "Eva", "given_name"),
    (mirror.LAST_NAME, "Byron", "family_name"),
    (mirror.ACTIVE, False, "active"),
    (mirror.USERNAME, "eva@example.com", "user_name"),
]


@pytest.mark.parametrize(("role", "value", "column"), DRIFT, ids=[role for role, *_ in DRIFT])
def test_a_changed_account_is_mended(user, role, value, column):
    if role not in mirror.fields():
        pytest.skip("the user model has no such field")
    version = row(user).version
    change(user, **{mirror.fields()[role].attname: value})
    assert backfill.run().users.drifted == 1
    assert (getattr(row(user), column), row(user).version) == (value, version + 1)
    assert backfill.run(mend=False).is_clean


def test_a_changed_email_is_mended(user):
    if mirror.EMAIL not in mirror.fields():
        pytest.skip("the user model has no e-mail address besides its name")
    change(user, email="eva@example.com")
    assert backfill.run().users.drifted == 1
    assert MultiValue.objects.get(attribute="emails").value == "eva@example.com"
    assert backfill.run(mend=False).is_clean


def test_a_promoted_account_is_taken_out_of_reach(user):
    change(user, is_superuser=True)
    backfill.run()
    assert not row(user).listed
    change(user, is_superuser=False)
    backfill.run()
    assert row(user).listed


def test_a_deleted_user_stays_out_of_sight(scim, user):
    scim.delete(f"/Users/{row(user).pk}")
    ScimUser.objects.filter(user=user).update(listed=True, user_name_key="ada@example.com")
    assert backfill.run().users.drifted == 1
    assert (row(user).listed, row(user).user_name_key) == (False, None)


def test_a_revived_account_is_a_finding_until_a_person_resolves_it(scim, user):
    scim.delete(f"/Users/{row(user).pk}")
    change(user, is_active=True)
    assert backfill.run().users.revived == backfill.run().users.revived == 1
    assert not row(user).listed
    findings(FindingKind.DRIFT).update(resolved=timezone.now())
    assert backfill.run(mend=False).is_clean


def test_a_renamed_group_is_mended(scim):
    made = scim.group("Ops")
    Group.objects.update(name="Operations")
    assert backfill.run().groups.drifted == 1
    assert scim.get(f"/Groups/{made['id']}").body["displayName"] == "Operations"


def test_looking_changes_nothing_but_findings(user):
    change(user, is_active=False)
    old_users("new@example.com")
    report = backfill.run(mend=False)
    assert (report.users.added, report.users.drifted) == (1, 1)
    assert row(user).active
    assert findings(FindingKind.DRIFT).get().detail == "active"


def test_mending_resolves_what_looking_found(user):
    change(user, is_active=False)
    backfill.run(mend=False)
    backfill.run(mend=False)
    assert findings(FindingKind.DRIFT).get().count == 2
    backfill.run()
    assert findings(FindingKind.DRIFT).get().resolved


def queries():
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert backfill.run().is_clean
    return len(captured)


def test_a_clean_batch_costs_the_same_whatever_its_size():
    old_users("first@example.com")
    backfill.run()
    few = queries()
    old_users(*(f"u{n}@example.com" for n in range(50)))
    backfill.run()
    assert queries() == few


def test_a_row_made_meanwhile_is_not_made_again(monkeypatch):
    [user] = old_users("ada@example.com")
    add, calls = sync.add_users, []

    def overtaken(users, protected):
        calls.append(users)
        add(users, protected)
        if len(calls) == 1:
            raise IntegrityError

    monkeypatch.setattr(sync, "add_users", overtaken)
    assert backfill.run().users.added == 1
    assert ScimUser.objects.filter(user=user).count() == 1


def test_a_batch_that_never_fits_is_an_error(monkeypatch):
    old_users("ada@example.com")
    monkeypatch.setattr(sync, "add_users", lambda *_: (_ for _ in ()).throw(IntegrityError))
    with pytest.raises(IntegrityError):
        backfill.run()


def run(*arguments, **options):
    output = StringIO()
    call_command("scim_backfill", *arguments, stdout=output, **options)
    return output.getvalue()


def test_the_command_reports_what_it_did():
    old_users("ada@example.com")
    assert "users: 1 added, 0 mended" in run()
    assert json.loads(run("--json"))["users"]["added"] == 0


def test_check_exits_with_1_where_something_is_off():
    old_users("ada@example.com")
    with pytest.raises(SystemExit) as exit_:
        run("--check")
    assert exit_.value.code == 1
    run()
    assert "users: 0 without a row, 0 differ" in run("--check")
