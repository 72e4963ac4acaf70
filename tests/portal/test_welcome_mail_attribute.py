"""The welcome mail of one person, as the identity provider says."""

from __future__ import annotations

import pytest

from kyvos_portal.scim import PORTAL_USER
from onboarding import services
from onboarding.mail import outbox
from onboarding.models import UserProfile
from scim_provisioning.models import ProvisioningEvent
from tests.onboarding.conftest import text
from tests.scim_client import USER

pytestmark = pytest.mark.django_db

KEY = f"{PORTAL_USER}:sendWelcomeMail"


def create(scim, name, **said):
    """Create a user with an address and what is said in the portal's extension."""
    extension = {PORTAL_USER: said} if said else {}
    emails = [{"type": "work", "value": name}]
    return scim.user(name, schemas=[USER, *extension], emails=emails, **extension)


@pytest.mark.parametrize(
    ("configured", "told", "mails", "notes"),
    [
        (True, None, 1, []),
        (True, True, 1, []),
        (True, False, 0, ["What provisioned the account asked for no welcome mail."]),
        (False, None, 0, []),
        (False, True, 1, ["What provisioned the account asked for a welcome mail."]),
        (False, False, 0, []),
    ],
)
def test_what_is_said_of_one_person_wins(scim, mailoutbox, configured, told, mails, notes):
    services.publish(text(sendWelcomeMailToUser=configured), None)
    said = {} if told is None else {"sendWelcomeMail": told}
    made = create(scim, "ada@example.com", **said)
    assert made.get(PORTAL_USER, {}) == said
    assert sum(outbox.sweep().values()) == len(mailoutbox) == mails
    assert UserProfile.objects.get().warnings == notes
    assert (ProvisioningEvent.objects.get(method="POST").notes or []) == notes


def test_it_is_found(scim):
    made = create(scim, "ada@example.com", sendWelcomeMail=False)
    create(scim, "bob@example.com")
    found = scim.search("/Users", f"{KEY} eq false").body["Resources"]
    assert [user["id"] for user in found] == [made["id"]]


def test_nothing_else_than_a_boolean_is_taken(scim):
    body = {"schemas": [USER, PORTAL_USER], "userName": "eve", PORTAL_USER: {"sendWelcomeMail": 2}}
    refused = scim.post("/Users", body)
    assert (refused.status, refused.scim_type) == (400, "invalidValue")


def test_later_it_sends_nothing(scim):
    services.publish(text(sendWelcomeMailToUser=False), None)
    made = create(scim, "ada@example.com")
    change = {"op": "add", "path": KEY, "value": True}
    assert scim.patch(f"/Users/{made['id']}", change).status == 200
    assert outbox.sweep() == {}
