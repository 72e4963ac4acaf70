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


def test_e001_unknown_setting():
    assert ids(SOURCE="x") == ["onboarding.E001"]


@pytest.mark.parametrize("path", ["nowhere.at_all", "nodots", "", 5])
@pytest.mark.parametrize("name", ["SOURCES", "ADMIN_BASE"])
def test_e002_path_to_nowhere(name, path):
    assert ids(**{name: path}) == ["onboarding.E002"]


@pytest.mark.parametrize("kinds", ["report", 5, None])
def test_e007_kinds_that_are_no_mapping(kinds):
    assert ids(ENTITY_KINDS=kinds) == ["onboarding.E007"]


@pytest.mark.parametrize("lookup", ["nosuch", "permissions", "name", 5])
def test_e008_lookup_that_leads_to_no_groups(lookup):
    assert ids(INNER_GROUPS=lookup) == ["onboarding.E008"]


def test_e008_a_lookup_to_groups_is_fine():
    assert ids(INNER_GROUPS="scim_below__descendant") == []


@pytest.mark.parametrize("name", ["PREFERENCES", "SOURCES"])
def test_e002_optional_path_may_be_left_out(name):
    assert ids(**{name: None}) == []


def test_e002_resolver_that_leads_nowhere():
    assert ids(ENTITY_KINDS={"report": "nowhere.at_all", "list": None}) == ["onboarding.E002"]


@pytest.mark.parametrize(
    "wrong",
    [{"MAIL_PAUSES": (0,)}, {"MAIL_PAUSES": ("60",)}, {"MAIL_LEASE": -1}, {"MAIL_PAUSES": 5}],
)
def test_e003_times_that_are_none(wrong):
    assert ids(**wrong) == ["onboarding.E003"]


@pytest.mark.parametrize("url", ["portal.example.com", "ftp://x", "https://", "", 5])
def test_e009_site_url_that_is_none(url):
    assert ids(SITE_URL=url) == ["onboarding.E009"]


@pytest.mark.parametrize("wrong", [{"SITE_NAME": None}, {"SITE_NAME": ""}, {"MAIL_FROM": 5}])
def test_e010_texts_that_are_none(wrong):
    assert ids(**wrong) == ["onboarding.E010"]


def test_w004_missing_backend(settings):
    assert checks.check_backend() == []
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    assert [message.id for message in checks.check_backend()] == ["onboarding.W004"]


def test_w005_mails_that_link_nowhere(settings):
    assert checks.check_mail() == []
    settings.ONBOARDING = {}
    assert [message.id for message in checks.check_mail()] == ["onboarding.W005"]


def test_w006_missing_tasks_api(settings, monkeypatch):
    monkeypatch.setattr(checks.tasks, "task", None)
    assert [message.id for message in checks.check_mail()] == ["onboarding.W006"]
