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
