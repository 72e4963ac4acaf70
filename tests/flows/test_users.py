"""A user's life over HTTP: created, read, replaced, modified, deleted (RFC 7644 section 3)."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission

from scim_provisioning import signals
from scim_provisioning.models import DeletePolicy, ScimUser
from tests.scim_client import ENTERPRISE, ERROR, USER, WANTS_EMAIL

pytestmark = pytest.mark.django_db

FULL = {
    "externalId": "00u1",
    "name": {"givenName": "Ada", "familyName": "Rowe", "formatted": "Ada Rowe"},
    "displayName": "Ada R.",
    "title": "Engineer II",
    "emails": [
        {"value": "ada@example.com", "type": "work", "primary": True},
        {"value": "ada@home.example", "type": "home"},
    ],
    "phoneNumbers": [{"value": "+41 79 000 00 00", "type": "mobile"}],
    "addresses": [{"type": "work", "country": "CH", "locality": "Basel"}],
    ENTERPRISE: {"department": "R&D", "manager": {"value": "m-1"}},
}


def account(user):
    return ScimUser.objects.get(pk=user["id"]).user


def has(model, name):
    return any(field.name == name for field in model._meta.fields)


def path(user):
    return f"/Users/{user['id']}"


def test_what_was_sent_is_what_is_read(scim):
    user = scim.user(**FULL)
    read = scim.get(path(user))
    assert read.body == user
    assert {key: read.body[key] for key in FULL} == FULL
    assert read.body["schemas"] == [USER, ENTERPRISE]
    assert read.headers["ETag"] == read.body["meta"]["version"] == 'W/"1"'


def test_the_account_gets_a_copy(scim):
    model, made = get_user_model(), account(scim.user(**FULL))
    assert made.get_username() == "ada@example.com"
    assert not made.has_usable_password()
    expected = {
        "first_name": "Ada",
        "last_name": "Rowe",
        "email": "ada@example.com",
        "is_active": True,
    }
    assert {k: getattr(made, k) for k in expected if has(model, k)} == {
        k: v for k, v in expected.items() if has(model, k)
    }


def test_created_has_location_and_time(scim):
    answer = scim.post("/Users", {"schemas": [USER], "userName": "ada@example.com"})
    assert answer.headers["Location"] == answer.body["meta"]["location"]
    assert answer.body["meta"]["created"] == answer.body["meta"]["lastModified"]
    assert answer.body["active"] is True


def test_read_only_attributes_do_not_stick(scim):
    user = scim.user(id="mine", meta={"version": "x"}, groups=[{"value": "g"}])
    assert user["id"] != "mine"
    assert user["meta"]["version"] == 'W/"1"'
    assert "groups" not in user


def test_unknown_attributes_are_ignored_and_noted(scim):
    user = scim.user(shoeSize=44)
    assert "shoeSize" not in user
    assert any("shoeSize" in note for note in scim.connection.events.get().notes)


def test_strict_refuses_unknown_attributes(strict):
    body = {"schemas": [USER], "userName": "ada@example.com", "shoeSize": 44}
    answer = strict.post("/Users", body)
    assert (answer.status, answer.scim_type) == (400, "invalidSyntax")


def test_strict_wants_real_booleans(strict):
    body = {"schemas": [USER], "userName": "ada@example.com", "active": "True"}
    assert strict.post("/Users", body).scim_type == "invalidValue"


def test_strict_does_not_make_entries(strict):
    user = strict.user()
    change = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "a@example.com"}
    assert strict.patch(path(user), change).scim_type == "noTarget"


def test_put_clears_what_it_omits_but_active_and_external_id(scim):
    user = scim.user(**FULL)
    scim.patch(path(user), {"op": "replace", "path": "active", "value": False})
    after = scim.put(path(user), {"schemas": [USER], "userName": "ada@example.com"}).body
    assert set(after) == {"schemas", "id", "meta", "userName", "active", "externalId"}
    assert after["active"] is False
    assert scim.get(path(user)).body == after


def test_put_of_what_is_there_moves_nothing(scim):
    user = scim.user(**FULL)
    assert scim.put(path(user), user).body == user


def test_a_patch_that_changes_nothing_moves_nothing(scim):
    user = scim.user(**FULL)
    operations = [
        {"op": "add", "path": "emails", "value": [FULL["emails"][0]]},
        {"op": "replace", "value": {"title": "Engineer II"}},
        {"op": "remove", "path": "nickName"},
    ]
    assert scim.patch(path(user), *operations).body == user


def test_a_patch_whose_last_operation_fails_changes_nothing(scim):
    user = scim.user(**FULL)
    operations = [
        {"op": "replace", "path": "userName", "value": "eve@example.com"},
        {"op": "remove", "path": "emails"},
        {"op": "replace", "path": "active", "value": "perhaps"},
    ]
    assert scim.patch(path(user), *operations).status == 400
    assert scim.get(path(user)).body == user
    assert account(user).get_username() == "ada@example.com"


def test_renaming_to_a_taken_name_is_a_conflict(scim):
    scim.user("eve@example.com")
    user = scim.user()
    change = {"op": "replace", "path": "userName", "value": "EVE@example.com"}
    answer = scim.patch(path(user), change)
    assert (answer.status, answer.scim_type) == (409, "uniqueness")
    assert scim.get(path(user)).body == user


@pytest.mark.scim("B038")
def test_a_disabled_user_stays_readable_and_keeps_groups(scim):
    user = scim.user()
    group = scim.group(members=[user["id"]])
    scim.patch(path(user), {"op": "replace", "value": {"active": False}})
    read = scim.get(path(user)).body
    assert read["active"] is False
    assert [entry["value"] for entry in read["groups"]] == [group["id"]]
    assert account(user).is_active is False


def test_deactivation_ends_credentials(scim):
    user = scim.user()
    scim.patch(path(user), {"op": "replace", "value": {"active": False}})
    assert ScimUser.objects.get(pk=user["id"]).credentials_valid_after is not None


def test_delete_keeps_the_account_out_of_sight(scim):
    user = scim.user(**FULL)
    kept = account(user)
    scim.group(members=[user["id"]])
    kept.groups.add(Group.objects.create(name="Local"))
    assert scim.delete(path(user)).status == 204
    assert scim.get(path(user)).status == 404
    assert scim.patch(path(user), {"op": "remove", "path": "title"}).status == 404
    kept.refresh_from_db()
    assert kept.is_active is False
    assert kept.groups.count() == 0
    assert kept.get_username().startswith("deleted-")
    row = ScimUser.objects.get(pk=user["id"])
    assert (row.values_of.count(), row.external_ids.count()) == (0, 0)


def test_a_kept_account_has_no_privileges_left(scim):
    user = scim.user()
    kept = account(user)
    kept.user_permissions.add(Permission.objects.first())
    get_user_model().objects.filter(pk=kept.pk).update(is_staff=True, is_superuser=True)
    assert scim.delete(path(user)).status == 204
    kept.refresh_from_db()
    assert (kept.is_staff, kept.is_superuser) == (False, False)
    assert not kept.user_permissions.exists()


def test_a_deleted_name_can_be_created_again(scim):
    user = scim.user(**FULL)
    scim.delete(path(user))
    again = scim.user(**FULL)
    assert again["id"] != user["id"]
    assert scim.get('/Users?filter=userName eq "ada@example.com"').body["totalResults"] == 1
    assert account(again).pk != ScimUser.objects.get(pk=user["id"]).user_id


def test_delete_erases_where_the_connection_says_so(scim):
    scim.connection.delete_policy = DeletePolicy.ERASE
    scim.connection.save()
    user = scim.user(**FULL)
    key = account(user).pk
    assert scim.delete(path(user)).status == 204
    assert not get_user_model().objects.filter(pk=key).exists()
    assert scim.connection.events.filter(method="DELETE", resource_id=user["id"]).exists()


def test_erasing_what_is_protected_is_a_conflict_with_the_reason(scim):
    scim.connection.delete_policy = DeletePolicy.ERASE
    scim.connection.save()
    user = scim.user()
    type(scim.connection).objects.create(name="refers", acting_user=account(user))
    ScimUser.objects.filter(pk=user["id"]).update(listed=True)
    answer = scim.delete(path(user))
    assert answer.status == 409
    assert "connections" in answer.body["detail"]


def test_external_ids_are_each_connections_own(scim, other):
    user = scim.user(externalId="one")
    assert "externalId" not in other.get(path(user)).body
    assert other.get('/Users?filter=externalId eq "one"').body["totalResults"] == 0
    assert scim.get('/Users?filter=externalId eq "one"').body["totalResults"] == 1


def test_an_exception_of_a_receiver_refuses_the_request(scim):
    def refuse(**_):
        raise RuntimeError("no room")

    signals.user_provisioned.connect(refuse)
    try:
        answer = scim.post("/Users", {"schemas": [USER], "userName": "ada@example.com"})
    finally:
        signals.user_provisioned.disconnect(refuse)
    assert answer.status == 500
    assert answer.body["schemas"] == [ERROR]
    assert "no room" not in answer.body["detail"]
    assert not ScimUser.objects.filter(user_name="ada@example.com").exists()


def test_a_new_user_shows_the_groups_that_a_receiver_gave(scim):
    group = Group.objects.create(name="Everybody")

    def join(user, **_):
        user.groups.add(group)

    signals.user_provisioned.connect(join)
    try:
        user = scim.user()
    finally:
        signals.user_provisioned.disconnect(join)
    assert [entry["display"] for entry in user["groups"]] == ["Everybody"]
    assert scim.get(path(user)).body["groups"] == user["groups"]


def test_a_change_answers_with_the_groups_as_a_receiver_left_them(scim):
    user = scim.user()
    first, second = (scim.group(name, [user["id"]]) for name in ("First", "Second"))

    def leave(user_id, **_):
        get_user_model().objects.get(pk=user_id).groups.remove(
            Group.objects.get(scim__pk=first["id"])
        )

    title = {"op": "replace", "path": "title", "value": "Dr"}
    both = scim.patch(path(user), title).body["groups"]
    assert {entry["display"] for entry in both} == {"First", "Second"}
    signals.user_changed.connect(leave)
    try:
        answer = scim.patch(path(user), {**title, "value": "Prof"}).body
    finally:
        signals.user_changed.disconnect(leave)
    assert [entry["value"] for entry in answer["groups"]] == [second["id"]]
    assert scim.get(path(user)).body["groups"] == answer["groups"]


def test_a_changed_account_flows_back(scim):
    user = scim.user(**FULL)
    made = account(user)
    made.is_active = False
    if has(type(made), "first_name"):
        made.first_name = "Augusta"
    made.save()
    read = scim.get(path(user)).body
    assert read["active"] is False
    assert read["meta"]["version"] == 'W/"2"'
    if has(type(made), "first_name"):
        assert read["name"]["givenName"] == "Augusta"


@pytest.mark.skipif(WANTS_EMAIL, reason="the address is the user name")
def test_a_changed_address_keeps_its_type_and_its_neighbours(scim):
    user = scim.user(**FULL)
    made = account(user)
    made.email = "Ada@new.example"
    made.save()
    emails = scim.get(path(user)).body["emails"]
    assert emails == [{**FULL["emails"][0], "value": "Ada@new.example"}, FULL["emails"][1]]
    found = scim.get('/Users?filter=emails.value eq "ada@NEW.example"')
    assert found.body["totalResults"] == 1


@pytest.mark.skipif(WANTS_EMAIL, reason="the address is the user name")
def test_an_address_comes_and_goes_with_the_account(scim):
    user = scim.user(emails=[{"display": "none yet", "primary": True}])
    made = account(user)
    for email, count in (("a@example.com", 2), ("a@example.com", 2), ("", 1)):
        made.email = email
        made.save()
        emails = scim.get(path(user)).body["emails"]
        assert len(emails) == count
        assert [entry.get("primary") for entry in emails].count(True) == 1


def test_signing_in_moves_no_version(scim):
    user = scim.user()
    made = account(user)
    made.save(update_fields=["last_login"])
    assert scim.get(path(user)).body == user


def test_removed_active_says_nothing_of_the_account(scim):
    user = scim.user()
    scim.patch(path(user), {"op": "replace", "value": {"active": False}})
    after = scim.patch(path(user), {"op": "remove", "path": "active"}).body
    assert "active" not in after
    assert account(user).is_active is False


def test_another_value_that_changes_leaves_the_primary_one(scim):
    emails = [
        {"type": "work", "value": "a@example.com"},
        {"type": "home", "value": "b@example.com", "primary": True},
    ]
    user = scim.user(emails=emails)
    change = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "c@example.com"}
    after = scim.patch(path(user), change).body["emails"]
    assert after == [{"type": "work", "value": "c@example.com"}, emails[1]]
