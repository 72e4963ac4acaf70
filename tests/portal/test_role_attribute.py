"""The role in SCIM: an extension that clients read on request, and never write."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from kyvos_portal.scim import PORTAL_USER
from onboarding import services
from onboarding.models import Role
from scim_provisioning.models import ScimGroup, ScimUser
from tests.scim_client import USER

pytestmark = pytest.mark.django_db

KEY = f"{PORTAL_USER}:role"


def role(slug):
    return Role.objects.get(slug=slug)


@pytest.fixture
def ada(scim):
    found = scim.user()
    services.give(ScimUser.objects.get(pk=found["id"]).user, role("designer"), None)
    return found


def test_it_is_returned_on_request_only(scim, ada):
    path = f"/Users/{ada['id']}"
    assert PORTAL_USER not in scim.get(path).body
    shown = scim.get(f"{path}?attributes=userName,{KEY}").body
    assert shown[PORTAL_USER] == {"role": "Designer"}
    assert PORTAL_USER in shown["schemas"]


def test_a_list_costs_no_statement_more(scim, ada, django_assert_max_num_queries):
    services.give(ScimUser.objects.get(pk=scim.user("b@example.com")["id"]).user, None, None)
    scim.get("/Users")
    for query in ("", f"?attributes={KEY}"):
        with django_assert_max_num_queries(4):
            scim.get(f"/Users{query}")


def test_it_is_filtered(scim, ada):
    scim.user("b@example.com")
    found = scim.search("/Users", f'{KEY} eq "Designer"').body["Resources"]
    assert [user["id"] for user in found] == [ada["id"]]
    assert scim.search("/Users", f"not ({KEY} pr)").body["totalResults"] == 1


def test_its_schema_is_no_ones_in_use(scim, ada):
    assert scim.search("/Users", f'schemas eq "{PORTAL_USER}"').body["totalResults"] == 0
    assert scim.search("/Users", "schemas pr").body["totalResults"] == 1


def test_it_is_advertised_as_read_only(scim):
    attributes = {a["name"]: a for a in scim.get(f"/Schemas/{PORTAL_USER}").body["attributes"]}
    role = attributes["role"]
    assert (role["mutability"], role["returned"]) == ("readOnly", "request")


def test_clients_do_not_write_it(scim):
    body = {
        "schemas": [USER, PORTAL_USER],
        "userName": "eve",
        PORTAL_USER: {"role": "Administrator"},
    }
    made = scim.post(f"/Users?attributes={KEY}", body)
    assert (made.status, made.body.get(PORTAL_USER)) == (201, None)
    path = f"/Users/{made.body['id']}"
    refused = scim.patch(path, {"op": "replace", "path": KEY, "value": "Administrator"})
    assert (refused.status, refused.scim_type) == (400, "mutability")
    assert services.effective_role(ScimUser.objects.get(user_name="eve").user) is None


def test_the_answer_to_a_write_shows_it_on_request(scim, ada):
    change = {"op": "replace", "path": "title", "value": "Dr"}
    answer = scim.patch(f"/Users/{ada['id']}?attributes=title,{KEY}", change).body
    assert (answer["title"], answer[PORTAL_USER]) == ("Dr", {"role": "Designer"})


def test_the_idps_roles_grant_nothing(scim):
    made = scim.user("eve@example.com", roles=[{"value": "Administrator", "primary": True}])
    assert made["roles"] == [{"value": "Administrator", "primary": True}]
    user = ScimUser.objects.get(pk=made["id"]).user
    assert services.effective_role(user) is None
    assert not user.has_perm("onboarding.view_entities")


def test_a_local_account_with_a_role_is_not_linked(scim, django_user_model):
    local = django_user_model.objects.create_user("local@example.com")
    services.give(local, role("business-user"), None)
    answer = scim.patch(f"/Users/{local.scim.pk}", {"op": "add", "path": "title", "value": "x"})
    assert answer.status == 403
    assert "or a role" in answer.body["detail"]
    services.give(local, role("end-user"), None)
    change = {"op": "add", "path": "title", "value": "x"}
    assert scim.patch(f"/Users/{local.scim.pk}", change).status == 200


def test_a_local_account_with_a_groups_role_is_not_linked(scim, django_user_model):
    local = django_user_model.objects.create_user("local@example.com")
    group = Group.objects.create(name="Staff")
    local.groups.add(group)
    services.give_group(group, role("designer"), None)
    change = {"op": "add", "path": "title", "value": "x"}
    assert scim.patch(f"/Users/{local.scim.pk}", change).status == 403


def test_a_local_group_with_a_role_is_out_of_reach_until_it_has_none(scim):
    group = Group.objects.create(name="Local")
    path = f"/Groups/{ScimGroup.objects.get(group=group).pk}"
    assert scim.get(path).status == 200
    services.give_group(group, role("end-user"), None)
    assert scim.get(path).status == 404
    group.portal_role.delete()
    assert scim.get(path).status == 200


def test_a_connections_group_may_be_given_a_role_and_stays_its_own(scim, ada):
    made = scim.group("Designers")
    services.give_group(Group.objects.get(name="Designers"), role("business-user"), None)
    add = {"op": "add", "path": "members", "value": [{"value": scim.user("b@example.com")["id"]}]}
    assert scim.patch(f"/Groups/{made['id']}", add).status == 204
    member = ScimUser.objects.get(user_name="b@example.com").user
    assert services.effective_role(member).role.name == "Business User"


def test_a_group_with_a_role_can_be_deleted(scim):
    made = scim.group("Designers")
    services.give_group(Group.objects.get(name="Designers"), role("designer"), None)
    assert scim.delete(f"/Groups/{made['id']}").status == 204
    assert not ScimGroup.objects.exists()
