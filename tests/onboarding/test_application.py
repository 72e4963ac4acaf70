"""What a new user gets: at once, and at the first sign-in."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client

from onboarding import services, signals
from onboarding.models import (
    DefaultEntity,
    MailState,
    Origin,
    OutboxMail,
    Role,
    Skipped,
    UserProfile,
)
from tests.onboarding.conftest import DOCUMENTED, make_user, text

pytestmark = pytest.mark.django_db

ENTITIES = {"folder": "Sales", "dashboard": ["Revenue", "Costs"]}


def known(user):
    return {"locale": "de-DE", "timezone": "Europe/Berlin" * 10, "preferred_language": None}


class Dashboards:
    """Resolves dashboards: one exists."""

    def problem(self, name):
        return None if name == "Revenue" else f"there is no dashboard {name}"

    def url(self, name):
        return f"/dashboards/{name.lower()}"


def sign_in(user):
    Client().force_login(user)


def test_a_new_user_has_the_role_and_a_record_of_it(ada):
    revision = services.publish(DOCUMENTED, None)
    services.onboard(ada, "connection:1")
    profile = UserProfile.objects.get(user=ada)
    assert (profile.role.name, profile.role_origin) == ("Business User", Origin.CONFIGURATION)
    assert (profile.source, profile.revision) == ("connection:1", revision)
    assert profile.onboarded is not None
    assert (profile.skipped, profile.mail_wanted, profile.warnings) == ("", False, [])
    assert services.describe(ada).pending == []


def test_without_a_configuration_nothing_is_given_and_that_is_recorded(ada):
    services.onboard(ada)
    assert UserProfile.objects.get(user=ada).skipped == Skipped.UNCONFIGURED
    assert services.effective_role(ada) is None


def test_an_account_that_existed_keeps_what_it_has(ada):
    services.publish(text(sendWelcomeMailToUser=True, defaultEntities=ENTITIES), None)
    services.onboard(ada, existed=True)
    profile = UserProfile.objects.get(user=ada)
    assert (profile.skipped, profile.role, profile.mail_wanted) == (Skipped.EXISTED, None, False)
    sign_in(ada)
    assert not DefaultEntity.objects.exists()


def test_linking_leaves_the_role_that_a_person_gave(ada, author):
    services.publish(DOCUMENTED, None)
    services.give(ada, Role.objects.get(slug="end-user"), author)
    services.onboard(ada, existed=True)
    profile = UserProfile.objects.get(user=ada)
    assert (profile.role.name, profile.role_given_by) == ("End User", author)
    assert profile.skipped == Skipped.EXISTED


def test_a_new_user_keeps_the_role_that_other_code_gave_first(ada, author):
    services.publish(DOCUMENTED, None)
    services.give(ada, Role.objects.get(slug="designer"), author)
    services.onboard(ada)
    profile = UserProfile.objects.get(user=ada)
    assert (profile.role.name, profile.role_origin) == ("Designer", Origin.PERSON)
    assert profile.onboarded is not None


def test_it_is_applied_once(ada):
    services.publish(DOCUMENTED, None)
    services.onboard(ada)
    services.publish(text(roleName="Designer"), None)
    services.onboard(ada)
    assert services.effective_role(ada).role.name == "Business User"
    services.onboard(ada, existed=True)
    assert UserProfile.objects.get(user=ada).skipped == ""


def test_a_role_that_is_gone_is_replaced_with_a_warning(ada):
    mine = services.copy(Role.objects.get(slug="designer"), "Modeller")
    services.publish(text(roleName="Modeller"), None)
    mine.delete()
    profile = services.onboard(ada)
    assert services.effective_role(ada).role.name == "End User"
    assert "'Modeller'" in profile.warnings[0]


def test_new_users_cost_two_statements(ada, django_assert_num_queries):
    services.publish(DOCUMENTED, None)
    with django_assert_num_queries(2):
        services.onboard(ada)


def test_an_exception_of_a_receiver_leaves_nothing(ada):
    services.publish(DOCUMENTED, None)

    def refuse(**_):
        raise ValueError

    signals.onboarded.connect(refuse)
    try:
        with pytest.raises(ValueError), transaction.atomic():  # noqa: PT011
            services.onboard(ada)
    finally:
        signals.onboarded.disconnect(refuse)
    assert not UserProfile.objects.exists()


@pytest.mark.parametrize("flag", [True, False])
def test_a_mail_is_wanted_where_the_flag_says_so(ada, flag, django_capture_on_commit_callbacks):
    services.publish(text(sendWelcomeMailToUser=flag), None)
    with django_capture_on_commit_callbacks() as callbacks:
        services.onboard(ada)
    assert UserProfile.objects.get(user=ada).mail_wanted is flag
    assert len(callbacks) == flag
    assert services.describe(ada).pending == (["sendWelcomeMailToUser"] if flag else [])


def test_without_an_address_there_is_no_mail(settings):
    services.publish(text(sendWelcomeMailToUser=True), None)
    user = make_user()
    setattr(user, user.get_email_field_name(), "")
    profile = services.onboard(user)
    assert not profile.mail_wanted
    assert "no e-mail address" in profile.warnings[0]


def test_entities_wait_for_the_first_sign_in(ada, settings):
    settings.ONBOARDING = {"ENTITY_KINDS": {"report": None}}
    services.publish(text(defaultEntities={**ENTITIES, "report": "Q1"}), None)
    services.onboard(ada)
    assert services.describe(ada).pending == ["defaultEntities"]
    sign_in(ada)
    found = [(e.kind, e.name) for e in services.describe(ada).entities]
    assert found == [
        ("folder", "Sales"),
        ("dashboard", "Revenue"),
        ("dashboard", "Costs"),
        ("report", "Q1"),
    ]
    assert services.describe(ada).pending == []


def test_the_second_sign_in_changes_nothing(ada):
    services.publish(text(defaultEntities=ENTITIES), None)
    services.onboard(ada)
    sign_in(ada)
    when = UserProfile.objects.get(user=ada).first_sign_in
    DefaultEntity.objects.all().delete()
    sign_in(ada)
    assert not DefaultEntity.objects.exists()
    assert UserProfile.objects.get(user=ada).first_sign_in == when


def test_a_sign_in_with_nothing_waiting_costs_one_statement(ada, django_assert_num_queries):
    with django_assert_num_queries(1 + 2):
        services.first_sign_in(ada)


@pytest.mark.parametrize("flag", [True, False])
def test_preferences_are_taken_over_where_the_flag_says_so(ada, settings, flag):
    settings.ONBOARDING = {"PREFERENCES": f"{__name__}.known"}
    services.publish(text(updatePreferences=flag), None)
    services.onboard(ada)
    assert services.describe(ada).pending == (["updatePreferences"] if flag else [])
    sign_in(ada)
    profile = UserProfile.objects.get(user=ada)
    assert profile.locale == ("de-DE" if flag else "")
    assert profile.timezone == ("Europe/Berlin" * 10)[: 100 if flag else 0]


def test_the_first_sign_in_is_told(ada):
    services.publish(DOCUMENTED, None)
    services.onboard(ada)
    heard = []

    def hear(user, profile, **_):
        heard.append((user, profile.first_sign_in is not None))

    signals.first_signed_in.connect(hear)
    try:
        sign_in(ada)
        sign_in(ada)
    finally:
        signals.first_signed_in.disconnect(hear)
    assert heard == [(ada, True)]


def test_a_resolver_checks_names_and_tells_where_entities_are(ada, settings):
    settings.ONBOARDING = {"ENTITY_KINDS": {"dashboard": f"{__name__}.Dashboards"}}
    with pytest.raises(ValueError, match="there is no dashboard Costs") as refused:
        services.publish(text(defaultEntities=ENTITIES), None)
    assert [p.path for p in refused.value.problems] == ["defaultEntities.dashboard[1]"]
    services.publish(text(defaultEntities={"dashboard": "Revenue", "folder": "Sales"}), None)
    services.onboard(ada)
    sign_in(ada)
    assert [e.url for e in services.describe(ada).entities] == [None, "/dashboards/revenue"]


def test_who_is_taken_out_of_use_keeps_nothing(ada):
    services.publish(text(sendWelcomeMailToUser=True, defaultEntities=ENTITIES), None)
    services.onboard(ada)
    OutboxMail.objects.create(key="welcome:1", user=ada, address="x", message_id="<x@y>")
    sign_in(ada)
    services.offboard(ada.pk)
    assert services.effective_role(ada) is None
    assert not DefaultEntity.objects.exists()
    assert OutboxMail.objects.get().state == MailState.FAILED
    assert not UserProfile.objects.get(user=ada).mail_wanted


@pytest.mark.parametrize("entities", [1, 50])
def test_a_description_costs_the_same_whatever_there_is(ada, entities, django_assert_num_queries):
    names = [f"e{number}" for number in range(entities)]
    services.publish(text(defaultEntities={"folder": names}), None)
    services.onboard(ada)
    sign_in(ada)
    with django_assert_num_queries(4):
        services.describe(ada)


def test_the_unknown_have_a_description_too(ada):
    shown = services.describe(ada)
    assert (shown.effective, shown.profile, shown.pending, shown.entities) == (None, None, [], [])
