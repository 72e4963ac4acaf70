"""Every misconfiguration has a number, and a test named after it."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.core.checks.registry import registry
from django.db import connection

from scim_provisioning import checks


def ids(messages):
    return [message.id for message in messages]


def test_a_sound_site_has_no_messages():
    assert checks.check_settings() == []
    assert checks.check_middleware() == []
    assert checks.check_urls() == []
    assert checks.check_user_model() == []
    assert checks.check_rest_framework() == []
    assert checks.check_databases() == []
    assert checks.check_token_endpoint() == []
    assert checks.check_nested_groups() == []
    assert checks.check_brake() == []
    assert checks.check_limits() == []


def test_e001_unknown_setting(settings):
    settings.SCIM_PROVISIONING = {"NOSUCH": 1}
    assert ids(checks.check_settings()) == ["scim_provisioning.E001"]


@pytest.mark.parametrize(
    "path", ["nosuch.module.USER", "scim_provisioning.resources.user.NOSUCH", "nodots", ""]
)
def test_e002_path_to_nowhere(settings, path):
    settings.SCIM_PROVISIONING = {"USER_RESOURCE": path}
    assert ids(checks.check_settings()) == ["scim_provisioning.E002"]


@pytest.mark.parametrize(
    ("path", "expected"), [("onboarding.nowhere", ["scim_provisioning.E002"]), (None, [])]
)
def test_e002_optional_path_to_nowhere(settings, path, expected):
    settings.SCIM_PROVISIONING = {"PRIVILEGED_USERS": path}
    assert ids(checks.check_settings()) == expected


def test_e002_a_resource_that_is_nowhere(settings):
    settings.SCIM_PROVISIONING = {"RESOURCES": ["nosuch.module.DEVICE"]}
    assert ids(checks.check_settings()) == ["scim_provisioning.E002"]
    assert checks.check_resources() == []


def test_e020_resource_types_that_get_into_each_others_way(settings):
    device = "tests.extension_site.models.DEVICE"
    settings.SCIM_PROVISIONING = {"RESOURCES": [device]}
    assert checks.check_resources() == []
    settings.SCIM_PROVISIONING = {"RESOURCES": [device, device]}
    assert ids(checks.check_resources()) == ["scim_provisioning.E020"] * 3


def test_e020_reserved_endpoints(settings, monkeypatch):
    settings.SCIM_PROVISIONING = {"RESOURCES": ["tests.extension_site.models.DEVICE"]}
    monkeypatch.setattr(checks, "RESERVED", ("/Devices",))
    assert ids(checks.check_resources()) == ["scim_provisioning.E020"]


def test_e009_trusted_proxy_that_is_no_network(settings):
    settings.SCIM_PROVISIONING = {"TRUSTED_PROXIES": ("10.0.0.0/8", "the proxy")}
    assert ids(checks.check_settings()) == ["scim_provisioning.E009"]


WRONG = {
    "USER_RESOURCE": [None, 5],
    "RESOURCES": ["one.path", 5, [None]],
    "TRUSTED_PROXIES": ["10.0.0.0/8", [10]],
    "ENCRYPTION_KEYS": ["key", None],
    "OPEN_DISCOVERY": ["yes", None, 1],
    "MAX_BODY_SIZE": ["1024", -1, 1.5, True],
    "BULK_SECONDS": ["25", -0.5],
    "MAX_ROOT_RESULTS": ["many"],
    "THROTTLE_USER": [5, (5,), (5, "300"), (5, 300, 1)],
    "PUBLIC_URL": [5],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_e011_value_of_another_type(settings, name, value):
    settings.SCIM_PROVISIONING = {name: value}
    assert ids(run_checks()).count("scim_provisioning.E011") == 1


def test_e011_lists_are_as_good_as_tuples(settings):
    settings.SCIM_PROVISIONING = {
        "TRUSTED_PROXIES": ["10.0.0.0/8"],
        "THROTTLE_USER": [5, 300],
        "BULK_SECONDS": 5,
    }
    assert checks.check_settings() == []


@pytest.mark.parametrize(
    "url", ["portal.example.com", "ftp://portal.example.com", "https://", "https://x/?y"]
)
def test_e012_public_url_that_is_none(settings, url):
    settings.SCIM_PROVISIONING = {"PUBLIC_URL": url}
    assert ids(checks.check_settings()) == ["scim_provisioning.E012"]


@pytest.mark.parametrize("name", checks.NOT_ZERO)
def test_e052_limit_that_lets_nothing_through(settings, name):
    zero = (0, 60) if name.startswith("throttle") else 0
    settings.SCIM_PROVISIONING = {name.upper(): zero}
    assert ids(checks.check_limits()) == ["scim_provisioning.E052"]


def test_w053_usual_page_larger_than_the_largest(settings):
    settings.SCIM_PROVISIONING = {"DEFAULT_PAGE_SIZE": 11, "MAX_PAGE_SIZE": 10}
    assert ids(checks.check_limits()) == ["scim_provisioning.W053"]
    settings.SCIM_PROVISIONING = {"DEFAULT_PAGE_SIZE": "11"}
    assert checks.check_limits() == []


def test_e003_middleware_missing(settings):
    settings.MIDDLEWARE = []
    assert ids(checks.check_middleware()) == ["scim_provisioning.E003"]


@pytest.mark.parametrize("first", sorted(checks.ANSWERING))
def test_w004_middleware_late(settings, first):
    settings.MIDDLEWARE = [first, checks.MIDDLEWARE]
    assert ids(checks.check_middleware()) == ["scim_provisioning.W004"]


def test_w005_urls_missing(settings):
    settings.ROOT_URLCONF = "tests.no_urls"
    assert ids(checks.check_urls()) == ["scim_provisioning.W005"]


def test_e006_user_model_without_groups(monkeypatch):
    from django.contrib.contenttypes.models import ContentType

    monkeypatch.setattr(checks, "get_user_model", lambda: ContentType)
    assert ids(checks.check_user_model()) == ["scim_provisioning.E006"]


def test_w007_rest_framework_not_installed(settings):
    settings.INSTALLED_APPS = [a for a in settings.INSTALLED_APPS if a != "rest_framework"]
    assert ids(checks.check_rest_framework()) == ["scim_provisioning.W007"]


def test_w004_middleware_that_never_answers_may_come_first(settings):
    settings.MIDDLEWARE = ["kyvos_portal.timing.ServerTimingMiddleware", checks.MIDDLEWARE]
    assert checks.check_middleware() == []


def test_w008_atomic_requests(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    assert ids(checks.check_databases()) == ["scim_provisioning.W008"]


def test_e050_database_that_is_not_supported(monkeypatch):
    monkeypatch.setattr(checks, "DATABASES", ("another",))
    assert ids(checks.check_databases()) == ["scim_provisioning.E050"]


def test_each_check_is_registered():
    functions = {check.__name__ for check in registry.get_checks()}
    assert {name for name in vars(checks) if name.startswith("check_")} <= functions


@pytest.mark.django_db
def test_without_urls_the_middleware_lets_everything_pass(settings, client):
    settings.ROOT_URLCONF = "tests.no_urls"
    assert client.get("/rest/scim/v2/Users")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    "given",
    [{"OAUTH_TOKEN_SECONDS": 3599}, {"OAUTH_TOKEN_SECONDS": 21_601}, {"CLIENT_SECRET_DAYS": 364}],
)
def test_e030_lifetime_out_of_bounds(settings, given):
    settings.SCIM_PROVISIONING = given
    assert ids(checks.check_token_endpoint()) == ["scim_provisioning.E030"]


@pytest.mark.parametrize("given", [{}, dict.fromkeys(checks.GATES, False)])
def test_e031_toolkit_with_open_gates(settings, given):
    settings.OAUTH2_PROVIDER = given
    assert ids(checks.check_token_endpoint()) == ["scim_provisioning.E031"] * 2
    settings.INSTALLED_APPS = [a for a in settings.INSTALLED_APPS if a != "oauth2_provider"]
    assert checks.check_token_endpoint() == []


def test_w040_nested_groups_that_pass_nothing_on(settings):
    settings.SCIM_PROVISIONING = {"NESTED_GROUPS": True}
    assert ids(checks.check_nested_groups()) == ["scim_provisioning.W040"]
    settings.AUTHENTICATION_BACKENDS = [checks.NESTED]
    assert checks.check_nested_groups() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("PEOPLE", -1), ("PERCENT", 0), ("PERCENT", 101), ("MINUTES", 0), ("LEAST", 0)],
)
def test_e051_limit_of_the_brake_that_is_none(settings, name, value):
    settings.SCIM_PROVISIONING = {f"BRAKE_{name}": value}
    assert ids(checks.check_brake()) == ["scim_provisioning.E051"]


def test_e051_no_limit_is_one(settings):
    settings.SCIM_PROVISIONING = {"BRAKE_PEOPLE": 0, "BRAKE_PERCENT": None}
    assert checks.check_brake() == []
