"""The pages of records: what was applied to a user, and the outbox."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from onboarding.models import MailState, OutboxMail, Role, UserProfile
from onboarding.services import first_sign_in, give_group, onboard, publish
from tests.onboarding.admin_site import cost, staff, url

__all__ = ["staff"]
pytestmark = pytest.mark.django_db
TEXT = (
    '{"roleName": "Designer", "sendWelcomeMailToUser": true,'
    ' "updatePreferences": true, "defaultEntities": {"folder": ["Sales"]}}'
)


def user(name="ada@example.com"):
    return get_user_model().objects.create_user(name, email=name)


def record(client, user):
    profile = UserProfile.objects.get(user=user)
    return client.get(url("userprofile", "change", profile.pk)).content.decode()


def mail(user, state, **values):
    values |= {"key": f"welcome:{user.pk}", "address": user.email, "message_id": "x"}
    return OutboxMail.objects.create(user=user, state=state, **values)


def test_a_record_tells_what_was_applied_and_what_waits(admin_client):
    revision, ada = publish(TEXT, None), user()
    onboard(ada)
    page = record(admin_client, ada)
    assert "Designer, given when the account was made" in page
    assert f"history/#revision-{revision.pk}" in page
    assert "sendWelcomeMailToUser, updatePreferences, defaultEntities" in page
    first_sign_in(ada)
    mail(ada, MailState.SENT)
    page = record(admin_client, ada)
    assert "<li>folder: Sales</li>" in page
    assert "Sent" in page


def test_names_are_shown_as_they_are(admin_client):
    ada, group = user(), Group.objects.create(name="R&D <b>")
    ada.groups.add(group)
    onboard(ada)
    give_group(group, Role.objects.get(slug="designer"), None)
    assert "given by the group R&amp;D &lt;b&gt;" in record(admin_client, ada)


def test_a_record_tells_why_nothing_was_applied(admin_client):
    publish(TEXT, None)
    ada = user()
    onboard(ada, existed=True)
    page = record(admin_client, ada)
    assert "The account was there before, and was linked" in page
    assert "None." in page


def test_records_are_not_deleted(admin_client):
    ada = user()
    onboard(ada)
    profile = UserProfile.objects.get()
    page = url("userprofile", "delete", profile.pk)
    assert admin_client.post(page, {"post": "yes"}).status_code == 403


def test_mails_are_only_read(admin_client):
    sent = mail(user(), MailState.FAILED, error="No such mailbox")
    page = url("outboxmail", "change", sent.pk)
    assert "No such mailbox" in admin_client.get(page).content.decode()
    assert admin_client.post(page, {}).status_code == 403
    assert admin_client.get(url("outboxmail", "add")).status_code == 403


def again(client, *mails):
    data = {"action": "try_again", "_selected_action": [one.pk for one in mails]}
    return client.post(url("outboxmail"), data, follow=True)


def test_only_mails_that_were_given_up_are_tried_again(admin_client):
    states = (MailState.FAILED, MailState.SENT, MailState.UNCERTAIN)
    mails = [mail(user(f"{state}@example.com"), state, attempts=8) for state in states]
    page = again(admin_client, *mails).content.decode()
    assert "1 mails will be tried again." in page
    for one in mails:
        one.refresh_from_db()
    assert [one.state for one in mails] == [MailState.QUEUED, MailState.SENT, MailState.UNCERTAIN]
    assert mails[0].attempts == 0


def test_who_may_only_read_mails_sends_none(staff):
    one = mail(user(), MailState.FAILED)
    again(staff("view_outboxmail"), one)
    one.refresh_from_db()
    assert one.state == MailState.FAILED


@pytest.mark.parametrize("count", [1, 50])
def test_pages_cost_the_same_for_1_row_and_50(admin_client, count):
    publish(TEXT, None)
    for i in range(count):
        ada = user(f"u{i}@example.com")
        onboard(ada)
        mail(ada, MailState.FAILED)
    assert cost(admin_client, url("outboxmail")) <= 6
    assert cost(admin_client, url("outboxmail") + "?q=u0") <= 6
    assert cost(admin_client, url("userprofile")) <= 6
    assert cost(admin_client, url("userprofile", "change", UserProfile.objects.first().pk)) <= 9
