"""What no browser sends is answered all the same; what others wrote meanwhile stays."""

from __future__ import annotations

import pytest
from django.urls import reverse

from scim_provisioning.admin.candidates import key_in
from scim_provisioning.models import Connection, ScimUser, State

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["from_day", "to_day"])
@pytest.mark.parametrize(("day", "found"), [("0001-01-01", 0), ("9999-12-31", 0)])
def test_the_ends_of_the_calendar_find_no_event(scim, admin_client, name, day, found):
    scim.user()
    listed = reverse("admin:scim_provisioning_provisioningevent_changelist")
    answer = admin_client.get(listed, {name: day})
    assert (answer.status_code, len(answer.context["cl"].result_list)) == (200, found)
    exported = admin_client.get(f"{listed}export.json", {name: day})
    assert b"".join(exported.streaming_content) == b"[]\n"


@pytest.mark.parametrize(
    "path",
    [
        "scim_provisioning/connection/?state__exact=%00",
        "scim_provisioning/provisioningevent/?method=%00",
        "onboarding/userprofile/?source=%00",
    ],
)
def test_a_nul_is_no_filter(admin_client, path):
    answer = admin_client.get(f"/admin/{path}")
    assert (answer.status_code, answer["Location"][-3:]) == (302, "e=1")


@pytest.mark.parametrize("key", ["9" * 30, "9" * 5000, "٣", "-1", ""])
def test_keys_that_nobody_has_select_nobody(scim, admin_client, key):
    page = reverse("admin:scim_provisioning_connection_matching_decide", args=[scim.connection.pk])
    answer = admin_client.post(page, {"do": "link", "person": [key]}, follow=True)
    assert "Nobody was selected" in answer.text


def test_a_key_is_a_number_that_a_database_takes():
    assert [key_in(text) for text in ("7", "x", "", "9" * 18, "9" * 19)] == [
        *(7, None, None, 10**18 - 1, 2**63 - 1)
    ]


def meanwhile(admin_client, monkeypatch, row, write, **form):
    """Send the form of a row that others write between its reading and its saving."""
    model = type(row)
    page = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    fields = admin_client.get(page).context["adminform"].form.initial
    known = {name: value for name, value in fields.items() if value not in (None, False)}
    clean = model.full_clean

    def written_then_clean(self, *args, **kwargs):
        write(model.objects.filter(pk=row.pk))
        clean(self, *args, **kwargs)

    monkeypatch.setattr(model, "full_clean", written_then_clean)
    answer = admin_client.post(page, {**known, **inlines(admin_client.get(page)), **form})
    assert answer.status_code == 302
    row.refresh_from_db()


def inlines(page):
    """Return what the browser sends of the rows below a form."""
    forms = [formset.formset.management_form for formset in page.context["inline_admin_formsets"]]
    return {
        f"{form.prefix}-{name}": value for form in forms for name, value in form.initial.items()
    }


def test_a_connection_that_is_stopped_meanwhile_stays_so(scim, admin_client, monkeypatch):
    row = Connection.objects.get(pk=scim.connection.pk)
    meanwhile(
        admin_client, monkeypatch, row, lambda rows: rows.update(state=State.PAUSED), name="New"
    )
    assert (row.name, row.state) == ("New", State.PAUSED)


def test_a_user_who_is_changed_meanwhile_stays_so(scim, admin_client, monkeypatch):
    row = ScimUser.objects.get(pk=scim.user()["id"])
    meanwhile(admin_client, monkeypatch, row, lambda rows: rows.update(title="Dr"), connection="")
    assert (row.connection, row.title) == (None, "Dr")
