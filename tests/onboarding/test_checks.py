"""The system checks of onboarding."""

from __future__ import annotations

import pytest
from django.test import override_settings

from onboarding import checks


def ids(**settings):
    with override_settings(ONBOARDING=settings):
        return [message.id for message in checks.check_settings()]


def test_the_defaults_are_fine():
    assert ids() == []


def test_an_unknown_setting_is_told():
    assert ids(SOURCE="x") == ["onboarding.E001"]


@pytest.mark.parametrize("name", ["SOURCES", "ADMIN_BASE"])
def test_a_path_that_leads_nowhere_is_told(name):
    assert ids(**{name: "nowhere.at_all"}) == ["onboarding.E002"]


@pytest.mark.parametrize("name", ["PREFERENCES", "SOURCES"])
def test_an_optional_path_may_be_left_out(name):
    assert ids(**{name: None}) == []


def test_a_resolver_that_leads_nowhere_is_told():
    assert ids(ENTITY_KINDS={"report": "nowhere.at_all", "list": None}) == ["onboarding.E002"]


@pytest.mark.parametrize(
    "wrong", [{"MAIL_PAUSES": (0,)}, {"MAIL_PAUSES": ("60",)}, {"MAIL_LEASE": -1}]
)
def test_times_that_are_none_are_told(wrong):
    assert ids(**wrong) == ["onboarding.E003"]


def test_a_missing_backend_is_told(settings):
    assert checks.check_backend() == []
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    assert [message.id for message in checks.check_backend()] == ["onboarding.W004"]


def test_mails_that_link_nowhere_are_told(settings):
    assert checks.check_mail() == []
    settings.ONBOARDING = {}
    assert [message.id for message in checks.check_mail()] == ["onboarding.W005"]


def test_a_missing_tasks_api_is_told(settings, monkeypatch):
    monkeypatch.setattr(checks.tasks, "task", None)
    assert [message.id for message in checks.check_mail()] == ["onboarding.W006"]
