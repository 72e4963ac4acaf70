"""Publishing, rolling back, overriding and previewing First Login Actions."""

from __future__ import annotations

import pytest

from onboarding import services, signals
from onboarding.models import OnboardingConfiguration, OnboardingRevision, Role, Skipped
from onboarding.schema import InvalidDocument
from tests.onboarding.conftest import DOCUMENTED, text

pytestmark = pytest.mark.django_db

OKTA = "connection:1"


def test_the_documented_json_is_kept_as_typed(author):
    revision = services.publish(DOCUMENTED, author)
    revision.refresh_from_db()
    assert (revision.text, revision.author) == (DOCUMENTED, author)
    assert revision.document["roleName"] == "Business User"
    assert services.current() == revision


def test_nothing_is_configured_at_first():
    assert services.current() is None
    assert services.plan() is None
    assert services.preview().skipped == Skipped.UNCONFIGURED


def test_a_bad_text_is_refused_with_all_its_problems_and_changes_nothing():
    with pytest.raises(InvalidDocument) as refused:
        services.publish('{"roleName": "Nobody", "sendMail": true}', None)
    assert [problem.path for problem in refused.value.problems] == ["roleName", "sendMail"]
    assert not OnboardingConfiguration.objects.exists()


def test_each_save_is_a_revision_and_the_newest_is_in_force(author):
    first, second = (services.publish(text(roleName=r), author) for r in ("End User", "Designer"))
    assert list(services.history()) == [second, first]
    assert services.plan().role_name == "Designer"


def test_rolling_back_adds_a_revision(author):
    first = services.publish(DOCUMENTED, author)
    services.publish(text(roleName="Designer"), author)
    third = services.rollback(first, None)
    assert (third.text, third.rolled_back_from, third.author) == (DOCUMENTED, first, None)
    assert services.current() == third
    assert services.history().count() == 3


def test_rolling_back_checks_the_text_again(author):
    mine = services.copy(Role.objects.get(slug="designer"), "Modeller")
    first = services.publish(text(roleName="Modeller"), author)
    services.publish(DOCUMENTED, author)
    mine.delete()
    with pytest.raises(InvalidDocument, match="Modeller"):
        services.rollback(first, author)


def test_an_override_counts_for_its_source_alone_while_it_is_enabled():
    services.publish(DOCUMENTED, None)
    services.publish(text(roleName="Designer"), None, OKTA)
    assert services.plan(OKTA).role_name == "Designer"
    assert services.plan("connection:2").role_name == services.plan().role_name == "Business User"
    OnboardingConfiguration.objects.filter(source=OKTA).update(enabled=False)
    assert services.plan(OKTA).role_name == "Business User"


def test_administrators_are_made_only_where_that_was_allowed(caplog):
    with pytest.raises(InvalidDocument) as refused:
        services.publish('{\n  "roleName": "Administrator"}', None)
    [problem] = refused.value.problems
    assert (problem.line, problem.column, problem.path) == (2, 15, "roleName")
    revision = services.publish(text(roleName="Administrator"), None, administrator_allowed=True)
    assert revision.administrator_allowed
    assert f"revision {revision.pk} makes administrators" in caplog.text
    assert services.plan().role_name == "Administrator"


def test_an_allowance_is_for_that_text_alone():
    services.publish(text(roleName="Administrator"), None, administrator_allowed=True)
    assert not services.publish(DOCUMENTED, None, administrator_allowed=True).administrator_allowed
    with pytest.raises(InvalidDocument):
        services.publish(text(roleName="Administrator"), None)


def test_a_role_that_became_administrative_is_not_given():
    services.copy(Role.objects.get(slug="designer"), "Modeller")
    services.publish(text(roleName="Modeller"), None)
    Role.objects.filter(name="Modeller").update(rank=400)
    plan = services.plan()
    assert plan.role_name == "End User"
    assert "Nobody allowed" in plan.warnings[0]


def test_a_role_that_is_gone_is_replaced_and_becomes_a_finding():
    mine = services.copy(Role.objects.get(slug="designer"), "Modeller")
    services.publish(text(roleName="Modeller"), None, OKTA)
    services.publish(DOCUMENTED, None)
    assert services.findings() == []
    mine.delete()
    assert services.plan(OKTA).role_name == "End User"
    [finding] = services.findings()
    assert finding.source == OKTA
    assert "'Modeller'" in finding.message


def test_disabled_and_earlier_texts_are_no_findings():
    mine = services.copy(Role.objects.get(slug="designer"), "Modeller")
    services.publish(text(roleName="Modeller"), None)
    services.publish(DOCUMENTED, None)
    services.publish(text(roleName="Modeller"), None, OKTA)
    OnboardingConfiguration.objects.filter(source=OKTA).update(enabled=False)
    mine.delete()
    assert services.findings() == []


def test_a_plan_costs_one_statement_however_much_there_was(django_assert_num_queries):
    for _ in range(20):
        services.publish(DOCUMENTED, None)
    with django_assert_num_queries(1):
        services.plan(OKTA)


@pytest.mark.parametrize("overrides", [1, 20])
def test_findings_cost_the_same_for_any_number_of_overrides(overrides, django_assert_num_queries):
    for number in range(overrides):
        services.publish(DOCUMENTED, None, f"connection:{number}")
    with django_assert_num_queries(2):
        services.findings()


def test_a_preview_of_an_existing_user_says_what_they_keep(ada):
    services.publish(DOCUMENTED, None)
    services.give(ada, Role.objects.get(slug="designer"), None)
    shown = services.preview(OKTA, ada)
    assert (shown.plan, shown.skipped, shown.kept.role.name) == (None, Skipped.EXISTED, "Designer")


def test_a_preview_of_a_new_user_is_what_happens(ada):
    services.publish(DOCUMENTED, None)
    assert services.preview(OKTA).plan == services.plan(OKTA)
    services.onboard(ada, OKTA)
    assert services.effective_role(ada).role.name == services.preview(OKTA).plan.role_name


def test_publishing_is_told(author):
    heard = []

    def hear(sender, revision, **_):
        heard.append((sender, revision))

    signals.published.connect(hear)
    try:
        revision = services.publish(DOCUMENTED, author)
    finally:
        signals.published.disconnect(hear)
    assert heard == [(OnboardingRevision, revision)]
