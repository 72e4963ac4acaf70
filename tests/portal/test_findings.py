"""What the portal adds to the overview: roles, mails, and the worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from kyvos_portal import findings
from onboarding.models import MailState, OutboxMail, Role
from onboarding.services import publish
from onboarding.tasks import send_welcome

pytestmark = pytest.mark.django_db


def test_a_role_that_is_gone(admin_user):
    role = Role.objects.create(slug="temporary", name="Temporary", rank=100)
    publish('{"roleName": "Temporary"}', admin_user)
    assert not list(findings.of_onboarding())
    role.delete()
    assert "Temporary" in next(findings.of_onboarding()).title


@pytest.mark.parametrize("state", MailState)
def test_mails_that_were_not_delivered(admin_user, state):
    OutboxMail.objects.create(key="1", user=admin_user, address="a@example.com", state=state)
    lost = state in (MailState.FAILED, MailState.UNCERTAIN)
    assert [p.title for p in findings.of_onboarding()] == (
        ["1 welcome mail was not delivered."] if lost else []
    )


def test_they_are_on_the_overview(admin_client, admin_user):
    OutboxMail.objects.create(key="1", user=admin_user, address="a@b.c", state=MailState.FAILED)
    address = reverse("admin:scim_provisioning_overview_changelist")
    page = admin_client.get(address).content.decode()
    assert reverse("admin:onboarding_outboxmail_changelist") + "?state__exact=failed" in page


def test_tasks_that_nobody_takes(admin_user, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    send_welcome(admin_user.pk)
    assert not list(findings.of_the_worker())
    DBTaskResult.objects.update(enqueued_at=timezone.now() - timedelta(hours=1))
    assert "no worker" in next(findings.of_the_worker()).title
