"""What a site told django-scim2 and is not honoured has a number."""

from __future__ import annotations

import pytest

pytest.importorskip("django_scim", reason="django-scim2 wants a Django below 6.1.")

from scim_provisioning.compat import checks

pytestmark = pytest.mark.once
SITE = {"NETLOC": "scim.example.com", "AUTHENTICATION_SCHEMES": [{"type": "httpbasic"}]}


def numbers(messages):
    return [message.id.rpartition(".")[2] for message in messages]


def test_e060_there_is_nothing_to_call(settings):
    settings.SCIM_SERVICE_PROVIDER = {}
    assert numbers(checks.check_django_scim2()) == ["E060"]
    assert checks.check_service_provider() == []


def test_e060_the_package_is_missing(settings, monkeypatch):
    settings.SCIM_SERVICE_PROVIDER = SITE
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    assert numbers(checks.check_django_scim2()) == ["E060"]


def test_w061_a_key_is_unknown(settings):
    settings.SCIM_SERVICE_PROVIDER = {**SITE, "NETLOK": "x"}
    [found] = checks.check_service_provider()
    assert (numbers([found]), "NETLOK" in found.msg) == (["W061"], True)


@pytest.mark.parametrize("key", sorted(checks.REPLACED))
def test_w062_a_key_is_not_read(settings, key):
    settings.SCIM_SERVICE_PROVIDER = {**SITE, key: "site.module.thing"}
    [found] = checks.check_service_provider()
    assert (numbers([found]), key in found.msg, bool(found.hint)) == (["W062"], True, True)


def test_a_site_that_sets_what_is_honoured_hears_nothing(settings):
    settings.SCIM_SERVICE_PROVIDER = SITE
    assert checks.check_django_scim2() == checks.check_service_provider() == []
