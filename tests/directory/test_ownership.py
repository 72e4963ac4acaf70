"""Who may change what: ownership, linking and protection, rule by rule."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from scim_provisioning.directory import ownership
from scim_provisioning.models import Finding, FindingKind, ScimGroup, ScimUser
from tests.scim_client import GROUP, USER, WANTS_EMAIL

pytestmark = pytest.mark.django_db


@pytest.fixture
def local():
    """A local account, as an administrator makes one."""

    def make(name="local@example.com", **fields):
        model = get_user_model()
        user = model(**{model.USERNAME_FIELD: name, **fields})
        user.set_password("secret")
        user.save()
        return user

    return make


def rename(client, identifier, title="Lead"):
    return client.patch(f"/Users/{identifier}", {"op": "replace", "path": "title", "value": title})


def found(client, name):
    return client.get(f'/Users?filter=userName eq "{name}"').body["totalResults"]


def test_the_creating_connection_owns_the_account(scim):
    user = scim.user()
    assert ScimUser.objects.get(pk=user["id"]).connection == scim.connection


def test_another_connection_reads_and_may_not_write(scim, other):
    user = scim.user()
    assert other.get(f"/Users/{user['id']}").status == 200
    assert rename(other, user["id"]).status == 403
    assert other.delete(f"/Users/{user['id']}").status == 403
    assert Finding.objects.filter(kind=FindingKind.FOREIGN, connection=other.connection).exists()


def test_an_administrator_moves_an_account(scim, other):
    user = scim.user()
    ScimUser.objects.filter(pk=user["id"]).update(connection=other.connection)
    assert rename(other, user["id"]).status == 200
    assert rename(scim, user["id"]).status == 403


def test_local_accounts_are_listed(scim, local):
    local()
    assert found(scim, "local@example.com") == 1


def test_the_first_writer_links_a_local_account(scim, other, local):
    user = local()
    assert rename(scim, user.scim.pk).status == 200
    assert ScimUser.objects.get(user=user).connection == scim.connection
    assert rename(other, user.scim.pk).status == 403


def test_linking_keeps_password_and_sign_in_class(scim, local):
    user = local()
    rename(scim, user.scim.pk)
    user.refresh_from_db()
    assert user.check_password("secret")
    assert ScimUser.objects.get(user=user).sign_in_class is None


def test_a_local_account_with_permissions_waits_for_approval(scim, local):
    user = local()
    user.user_permissions.add(Permission.objects.first())
    assert rename(scim, user.scim.pk).status == 403
    assert Finding.objects.filter(kind=FindingKind.UNAPPROVED, user=user.scim).exists()
    assert ScimUser.objects.get(user=user).connection is None


def test_an_allowed_link_is_made_by_the_next_write(scim, local):
    user = local()
    user.user_permissions.add(Permission.objects.first())
    ScimUser.objects.filter(user=user).update(link_allowed=True)
    assert rename(scim, user.scim.pk).status == 200


@pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
def test_privileged_accounts_are_invisible(scim, local, flag):
    user = local(**{flag: True})
    assert found(scim, "local@example.com") == 0
    assert scim.get(f"/Users/{user.scim.pk}").status == 404
    assert rename(scim, user.scim.pk).status == 404


def test_acting_users_are_invisible(scim):
    assert found(scim, scim.username) == 0


def test_who_acted_before_is_seen_again(scim, other, local):
    scim.connection.acting_user = local()
    scim.connection.save()
    assert (found(other, scim.username), found(other, "local@example.com")) == (1, 0)


def test_protected_accounts_can_be_shown_and_are_never_changed(scim, local):
    user = local(is_staff=True)
    scim.connection.shows_protected = True
    scim.connection.save()
    assert scim.get(f"/Users/{user.scim.pk}").status == 200
    assert rename(scim, user.scim.pk).status == 403


def test_a_create_that_meets_a_protected_name_is_a_conflict_and_a_finding(scim, local):
    user = local(is_staff=True)
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "LOCAL@example.com",
    }
    answer = scim.post("/Users", body)
    assert (answer.status, answer.scim_type) == (409, "uniqueness")
    assert "protected" in answer.body["detail"]
    assert Finding.objects.get(kind=FindingKind.PROTECTED).user == user.scim


def test_a_promoted_account_goes_out_of_reach(scim):
    user = scim.user()
    account = ScimUser.objects.get(pk=user["id"]).user
    account.is_staff = True
    account.save()
    assert scim.get(f"/Users/{user['id']}").status == 404


def test_a_local_group_with_permissions_is_protected(scim):
    group = Group.objects.create(name="Editors")
    assert scim.get(f"/Groups/{group.scim.pk}").status == 200
    group.permissions.add(Permission.objects.first())
    assert scim.get(f"/Groups/{group.scim.pk}").status == 404
    group.permissions.clear()
    assert scim.get(f"/Groups/{group.scim.pk}").status == 200


def test_an_owned_group_with_permissions_stays_its_owners(scim):
    made = scim.group("Editors")
    row = ScimGroup.objects.get(pk=made["id"])
    row.group.permissions.add(Permission.objects.first())
    change = {"op": "replace", "path": "displayName", "value": "Writers"}
    assert scim.patch(f"/Groups/{made['id']}", change).status == 204


def is_refused(answer):
    kind = (answer.status, answer.scim_type)
    return kind == (409, "uniqueness") and "protected" in answer.body["detail"]


@pytest.mark.skipif(WANTS_EMAIL, reason="addresses hold no such characters")
@pytest.mark.parametrize(
    "name",
    ["\u200bKing", "Ki\u00adng", "\u202eking", "K\u0131ng", "K\u0130NG", "king\ufe0f", " king", "\U0001d424ing", "k\u0456ng"],
)  # fmt: skip
def test_nobody_is_named_as_a_protected_account_looks(scim, local, name):
    local("king", is_superuser=True)
    local("queen")
    assert is_refused(scim.post("/Users", {"schemas": [USER], "userName": name}))
    user = scim.user("ada")
    operation = {"op": "replace", "path": "userName", "value": name}
    assert is_refused(scim.patch(f"/Users/{user['id']}", operation))
    assert scim.user(f"{name}sley")
    assert scim.user("queen\u200b")


def test_no_group_is_named_as_a_protected_one_looks(scim):
    group = Group.objects.create(name="Admins")
    group.permissions.add(Permission.objects.first())
    body = {"schemas": [GROUP], "displayName": "Adm\u200bins"}
    assert is_refused(scim.post("/Groups", body))
    assert scim.group("Admins of Sales")


def test_protected_accounts_cannot_be_members(scim, local):
    group, user = scim.group(), local(is_staff=True)
    change = {"op": "add", "path": "members", "value": [{"value": str(user.scim.pk)}]}
    answer = scim.patch(f"/Groups/{group['id']}", change)
    assert (answer.status, answer.scim_type) == (400, "invalidValue")


def test_members_of_another_connection_are_noted(scim, other):
    user, group = other.user(), scim.group()
    change = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    assert scim.patch(f"/Groups/{group['id']}", change).status == 204
    event = scim.connection.events.filter(method="PATCH").get()
    assert any("another connection" in note for note in event.notes)


def test_only_the_same_open_finding_is_counted_again(scim, other):
    ada, bob = (UUID(scim.user(name)["id"]) for name in ("ada@example.com", "bob@example.com"))
    ours, theirs = scim.connection.pk, other.connection.pk
    for kind, user, connection in (
        (FindingKind.FOREIGN, ada, theirs),
        (FindingKind.FOREIGN, ada, theirs),
        (FindingKind.UNAPPROVED, ada, theirs),
        (FindingKind.FOREIGN, bob, theirs),
        (FindingKind.FOREIGN, ada, ours),
    ):
        ownership.record(ownership.draft(kind, "user", user), connection)
    assert sorted(Finding.objects.values_list("count", flat=True)) == [1, 1, 1, 2]
    Finding.objects.update(resolved=timezone.now())
    ownership.record(ownership.draft(FindingKind.FOREIGN, "user", ada), theirs)
    assert Finding.objects.get(resolved=None).count == 1
