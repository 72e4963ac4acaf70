"""First Login Actions over HTTP: what an identity provider's user gets, and what it costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kyvos_portal import scim as joined
from onboarding import services
from onboarding.models import DefaultEntity, OutboxMail, Role, Skipped, UserProfile
from onboarding.signals import onboarded
from scim_provisioning.models import ProvisioningEvent, ScimUser
from tests.idp.wire.run import load_cases, run_case
from tests.onboarding.conftest import DOCUMENTED, text
from tests.scim_client import USER
from tests.test_query_counts import NOT_COUNTED

pytestmark = pytest.mark.django_db

WIRE = Path(__file__).parents[1] / "idp" / "wire"
CREATES = [
    case
    for name, start in (("okta", "okta-create"), ("entra", "entra-user-create"))
    for case in load_cases(WIRE / f"{name}.json")
    if case["id"].startswith(start) and case.get("expect", {}).get("status") == [201]
]


def account(made):
    return ScimUser.objects.get(pk=made["id"]).user


@pytest.mark.parametrize("case", CREATES, ids=lambda case: case["id"])
def test_pushed_users_have_the_role_when_the_answer_is_there(scim, case):
    services.publish(DOCUMENTED, None)
    seen = []

    def send(method, path, headers, body):
        answer = scim.sender(scim.bearer)(method, path, headers, body)
        if (method, path) == ("POST", "/Users"):
            seen.append(services.effective_role(account(answer[2])).role.name)
        return answer

    assert run_case(case, send) == []
    assert set(seen) == {"Business User"}


def test_the_corpus_has_the_creates():
    assert len(CREATES) >= 6


def test_a_user_who_existed_keeps_theirs_and_the_record_says_so(scim, django_user_model):
    services.publish(text(roleName="Designer", sendWelcomeMailToUser=True), None)
    local = django_user_model.objects.create_user("local@example.com", "local@example.com")
    services.give(local, Role.objects.get(slug="end-user"), None)
    [found] = scim.get('/Users?filter=userName eq "local@example.com"').body["Resources"]
    change = {"op": "replace", "value": {"active": True, "title": "Dr"}}
    assert scim.patch(f"/Users/{found['id']}", change).status == 200
    assert services.effective_role(local).role.name == "End User"
    profile = UserProfile.objects.get(user=local)
    assert (profile.skipped, profile.mail_wanted) == (Skipped.EXISTED, False)


def test_each_connection_may_have_its_own(scim, other):
    services.publish(DOCUMENTED, None)
    services.publish(text(roleName="Designer"), None, joined.source(other.connection.pk))
    roles = [
        services.effective_role(account(client.user(name))).role.name
        for client, name in ((scim, "a@example.com"), (other, "b@example.com"))
    ]
    assert roles == ["Business User", "Designer"]
    names = dict(joined.sources())
    assert names[joined.source(other.connection.pk)] == "other"


def test_a_role_that_is_gone_is_a_warning_in_the_event(scim):
    mine = services.copy(Role.objects.get(slug="designer"), "Modeller")
    services.publish(text(roleName="Modeller"), None)
    mine.delete()
    user = account(scim.user())
    assert services.effective_role(user).role.name == "End User"
    [note] = ProvisioningEvent.objects.get(method="POST").notes
    assert "'Modeller'" in note
    assert len(services.findings()) == 1


def test_a_refusal_inside_refuses_the_request_and_leaves_nothing(scim):
    services.publish(text(sendWelcomeMailToUser=True), None)

    def refuse(**_):
        raise ValueError("no")

    onboarded.connect(refuse)
    try:
        answer = scim.post("/Users", {"schemas": [USER], "userName": "ada@example.com"})
    finally:
        onboarded.disconnect(refuse)
    assert answer.status == 500
    assert not ScimUser.objects.filter(user_name="ada@example.com").exists()
    assert not UserProfile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_refused_create_sends_no_mail(scim):
    services.publish(text(sendWelcomeMailToUser=True), None)
    emails = [{"value": "ada@example.com", "primary": True}]
    scim.user(emails=emails)
    again = {"schemas": [USER], "userName": "ADA@example.com", "emails": emails}
    assert scim.post("/Users", again).status == 409
    assert UserProfile.objects.filter(mail_wanted=True).count() == 1


@pytest.mark.parametrize("delete", ["keep", "erase"])
def test_a_deleted_user_keeps_no_role_and_a_new_one_is_onboarded(scim, delete):
    services.publish(DOCUMENTED, None)
    scim.connection.delete_policy = delete
    scim.connection.save()
    gone = scim.user()
    user = account(gone)
    assert scim.delete(f"/Users/{gone['id']}").status == 204
    assert services.effective_role(user) is None
    again = scim.user()
    assert services.effective_role(account(again)).role.name == "Business User"


def test_preferences_come_from_scim_as_they_are_at_the_first_sign_in(scim, client):
    services.publish(text(updatePreferences=True, defaultEntities={"folder": "Sales"}), None)
    made = scim.user(locale="en-US", timezone="Europe/Berlin", preferredLanguage="de")
    change = {"op": "replace", "path": "locale", "value": "de-DE"}
    scim.patch(f"/Users/{made['id']}", change)
    client.force_login(account(made))
    profile = UserProfile.objects.get(user=account(made))
    found = (profile.locale, profile.timezone, profile.preferred_language)
    assert found == ("de-DE", "Europe/Berlin", "de")
    assert [e.name for e in DefaultEntity.objects.all()] == ["Sales"]


def cost(scim, name):
    body = {
        "schemas": [USER],
        "userName": name,
        "externalId": name,
        "emails": [{"value": name, "primary": True}],
    }
    with CaptureQueriesContext(connection) as queries:
        assert scim.post("/Users", body).status == 201
    return len([q for q in queries if not q["sql"].startswith(NOT_COUNTED)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mail", [True, False])
def test_onboarding_costs_a_create_three_statements_at_most(scim, mail, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("kyvos_portal.receivers.services.onboard", lambda *_, **__: UserProfile())
        cost(scim, "warm@example.com")
        without = cost(scim, "without@example.com")
    services.publish(text(sendWelcomeMailToUser=mail), None)
    cost(scim, "warmer@example.com")
    assert cost(scim, "with@example.com") - without == (3 if mail else 2)
    assert UserProfile.objects.filter(mail_wanted=True).count() == 2 * mail
    assert not OutboxMail.objects.exists()


def test_what_a_create_says_of_roles_grants_nothing(scim):
    services.publish(DOCUMENTED, None)
    roles = json.loads('[{"value": "Administrator", "primary": "True"}]')
    user = account(scim.user(roles=roles))
    assert services.effective_role(user).role.name == "Business User"
