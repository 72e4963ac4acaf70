"""Users' and groups' pages of a site with the stock admin: what SCIM knows, and what it keeps."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from scim_provisioning.models import ScimGroup, ScimUser
from tests.admin.people import staff
from tests.onboarding.admin_site import cost

pytestmark = pytest.mark.django_db
EMAIL = "Ada@example.com"


@pytest.fixture(autouse=True)
def site(settings):
    settings.ROOT_URLCONF = "tests.admin.account_site"
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "SAML_VALUES": None, "FINDINGS": ()}
    # The portal's own menu is no part of another site.
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]


def address(row, site="people"):
    opts = row._meta
    name = f"admin:{opts.app_label}_{opts.model_name}_change"
    return reverse(name, args=[row.pk], current_app=site)


@pytest.fixture
def ada(scim):
    key = scim.user(EMAIL, externalId="00u1")["id"]
    return ScimUser.objects.get(pk=key).user


@pytest.fixture
def ops(scim, ada):
    group = scim.group("Ops", [str(ada.scim.pk)])
    return ScimGroup.objects.get(pk=group["id"]).group


@pytest.fixture
def admin_client(db):
    """A superuser, whatever the user model's manager can do."""
    model = get_user_model()
    user = model._default_manager.create(
        **{model.USERNAME_FIELD: "root@example.com", "is_staff": True, "is_superuser": True}
    )
    client = Client()
    client.force_login(user)
    return client


def seen(answer):
    """Return a page's text without its tags."""
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def typed(answer, **changes):
    """Return what the form of a page sends, with changes."""
    data = {}
    for field in answer.context["adminform"].form:
        value = field.value()
        if isinstance(value, datetime):
            data |= {f"{field.name}_0": value.date(), f"{field.name}_1": value.time()}
        elif isinstance(value, list):
            data[field.name] = [row.pk if isinstance(row, Model) else row for row in value]
        elif value not in (None, False):
            data[field.name] = value
    return data | changes


def save(client, url, **changes):
    return client.post(url, typed(client.get(url), **changes))


def errors(answer):
    return answer.context["adminform"].form.errors


def test_a_user_tells_what_scim_knows(admin_client, scim, ada, ops):
    text = seen(admin_client.get(address(ada)))
    assert f"id {ada.scim.pk}" in text
    assert f"userName {EMAIL}" in text
    assert "externalId of idp 00u1" in text
    assert "kept by idp" in text
    assert "Ops : kept by idp" in text
    assert re.search(r"idp Create 201 [^-]*userName", text)


def test_a_group_tells_it_too(admin_client, ops):
    text = seen(admin_client.get(address(ops)))
    assert f"id {ops.scim.pk} displayName Ops kept by idp" in text


def test_a_local_group_is_called_local(admin_client, ada):
    local = Group.objects.create(name="Chess")
    ada.groups.add(local)
    assert "Chess : local" in seen(admin_client.get(address(ada)))
    text = seen(admin_client.get(address(local)))
    assert "nobody: it is local" in text
    assert "Read-only here" not in text


def test_the_scim_pages_tell_where_groups_come_from_and_what_happened(admin_client, ada, ops):
    text = seen(admin_client.get(address(ada.scim)))
    assert "Ops : kept by idp" in text
    assert "Create 201" in text
    assert "Create 201" in seen(admin_client.get(address(ops.scim)))


def test_what_ended_is_told(admin_client, scim, ada):
    assert "Access ended: Never" in seen(admin_client.get(address(ada)))
    scim.patch(f"/Users/{ada.scim.pk}", {"op": "replace", "path": "active", "value": False})
    text = seen(admin_client.get(address(ada)))
    assert "0 tokens, and whatever else was given before" in text


def test_an_account_without_a_row_says_what_makes_one(admin_client, ada):
    ScimUser.objects.all().delete()
    assert "scim_backfill" in seen(admin_client.get(address(ada)))


def test_all_events_of_the_person_are_one_click_away(admin_client, scim, ada):
    scim.user("bob@example.com")
    [link] = re.findall(r'href="([^"]+)">All events', admin_client.get(address(ada)).text)
    listed = admin_client.get(link)
    assert "Ada" in listed.text
    assert "bob" not in listed.text


def test_links_stay_in_the_admin_and_lead_nowhere_that_is_not(admin_client, ada, ops):
    links = re.findall(r'href="(/[^"]*)"', admin_client.get(address(ada)).text)
    assert f"/people/scim_provisioning/scimuser/{ada.scim.pk}/change/" in links
    assert not [link for link in links if not re.match("/(people/|static/|$)", link)]
    links = re.findall(r'href="(/[^"]*)"', admin_client.get(address(ada, "alone")).text)
    assert not [link for link in links if "scim_provisioning/" in link and "/static/" not in link]


def test_what_is_kept_is_read_only_with_the_reason(admin_client, ada):
    page = admin_client.get(address(ada))
    assert get_user_model().USERNAME_FIELD not in page.context["adminform"].form.fields
    assert "Kept by idp." in seen(page)
    name = get_user_model().USERNAME_FIELD
    answer = admin_client.post(address(ada), typed(page, **{name: "eve@example.com"}))
    assert answer.status_code == 302
    ada.refresh_from_db()
    assert ada.get_username() == EMAIL


def test_a_connections_name_is_text(admin_client, scim, ada, ops):
    scim.connection.name = "<i>idp</i>"
    scim.connection.save()
    for row in (ada, ops):
        for query in ("", "?unlock=1"):
            page = admin_client.get(address(row) + query).text
            assert "Kept by &lt;i&gt;idp&lt;/i&gt;" in page
            assert "<i>" not in page
    refused = save(admin_client, address(ada), groups=[])
    assert "<i>" not in refused.text


def test_it_is_unlocked_for_one_save_with_a_reason_that_is_logged(admin_client, ada):
    url, name = address(ada) + "?unlock=1", get_user_model().USERNAME_FIELD
    assert "unlock_reason" in errors(save(admin_client, url, **{name: "eve@example.com"}))
    new = {name: "eve@example.com", "unlock_reason": "A misspelt name", "_continue": "1"}
    answer = save(admin_client, url, **new)
    assert answer.status_code == 302
    assert "unlock" not in answer["Location"]
    ada.refresh_from_db()
    assert ada.get_username() == "eve@example.com"
    text = LogEntry.objects.get(object_id=str(ada.pk)).get_change_message()
    assert text.startswith(f"Unlocked, kept by idp: A misspelt name. Changed: {name}")


def test_blanks_are_no_reason(admin_client, ada):
    assert "unlock_reason" in errors(
        save(admin_client, address(ada) + "?unlock=1", unlock_reason=" ")
    )


def test_members_of_a_kept_group_stay_unless_unlocked(admin_client, ada, ops):
    chess = Group.objects.create(name="Chess")
    assert save(admin_client, address(ada), groups=[ops.pk, chess.pk]).status_code == 302
    refused = save(admin_client, address(ada), groups=[chess.pk])
    assert "idp keeps the members of Ops." in str(errors(refused)["groups"])
    assert 'href="?unlock=1"' in str(errors(refused)["groups"])
    url = address(ada) + "?unlock=1"
    assert save(admin_client, url, groups=[chess.pk], unlock_reason="x").status_code == 302
    assert list(ada.groups.all()) == [chess]


def test_nobody_is_put_into_a_kept_group_by_hand(admin_client, ops):
    model = get_user_model()
    local = model._default_manager.create(
        **{model.USERNAME_FIELD: "l@example.com", "password": "x"}
    )
    page = save(admin_client, address(local), groups=[ops.pk])
    assert "groups" in errors(page)


def test_a_groups_name_is_kept_and_its_permissions_are_not(admin_client, ops):
    permission = Permission.objects.first()
    assert (
        save(admin_client, address(ops), name="X", permissions=[permission.pk]).status_code == 302
    )
    ops.refresh_from_db()
    assert (ops.name, list(ops.permissions.all())) == ("Ops", [permission])


def test_an_account_that_scim_let_go_of_is_the_sites(admin_client, scim, ada):
    scim.delete(f"/Users/{ada.scim.pk}")
    page = admin_client.get(address(ada))
    assert get_user_model().USERNAME_FIELD in page.context["adminform"].form.fields


def test_whoever_only_views_unlocks_nothing(ada):
    name = get_user_model()._meta.model_name
    client = staff(f"view_{name}")
    url = address(ada) + "?unlock=1"
    page = client.get(url)
    assert "unlock=1" not in page.text
    assert "unlock_reason" not in page.text
    assert client.post(url, {"unlock_reason": "x"}).status_code == 403


def test_each_part_is_for_those_who_may_see_it(ada):
    name = get_user_model()._meta.model_name
    assert "externalId" not in (text := seen(staff(f"view_{name}").get(address(ada))))
    assert "Create 201" not in text


def test_viewers_of_provisioning_see_the_parts(ada):
    name = get_user_model()._meta.model_name
    client = staff(f"view_{name}", "view_scimuser", "view_provisioningevent")
    text = seen(client.get(address(ada)))
    assert "externalId of idp 00u1" in text
    assert "Create 201" in text


def test_new_users_and_groups_are_made_as_ever(admin_client):
    for model in (get_user_model(), Group):
        opts = model._meta
        url = reverse(f"admin:{opts.app_label}_{opts.model_name}_add", current_app="people")
        assert "SCIM knows" not in seen(admin_client.get(url + "?unlock=1"))


@pytest.mark.parametrize("count", [1, 50])
def test_pages_cost_the_same_for_1_row_and_50(admin_client, scim, other, ada, ops, count):
    for i in range(count):
        ada.groups.add(Group.objects.create(name=f"G{i}"))
        scim.patch(f"/Users/{ada.scim.pk}", {"op": "replace", "path": "title", "value": str(i)})
    assert cost(admin_client, address(ada)) <= 20
    assert cost(admin_client, address(ops)) <= 12
    assert cost(admin_client, address(ada.scim)) <= 16
