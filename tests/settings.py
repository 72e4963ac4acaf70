"""Settings of the suite: the portal's, on the database and user model that the run is for."""

from __future__ import annotations

import os
from tempfile import gettempdir

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("ENCRYPTION_KEYS", "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtLTA=")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "sqlite:///test.sqlite3")

from kyvos_portal.settings import *  # noqa: F403
from kyvos_portal.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE, SCIM_PROVISIONING

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as the portal has: a database in memory knows no busy timeout between threads.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", os.getpid())
    DATABASES["default"]["TEST"] = {"NAME": f"{gettempdir()}/portal-test-{run}.sqlite3"}
    # It is thrown away: nothing of it has to outlive the machine.
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# Counts are written between requests; a test that counts statements wants none of it.
# A Bulk is given all the time it takes: tests run on busy machines.
SCIM_PROVISIONING = {
    **SCIM_PROVISIONING,
    "COUNTER_FLUSH_SECONDS": 3600,
    "BULK_SECONDS": 3600,
    # A window ends within a test once in eleven days, not once a minute.
    "THROTTLE_ADDRESS": (30, 1_000_000),
    "THROTTLE_USER": (5, 1_000_000),
}

INSTALLED_APPS.append("tests.extension_site")

USER_MODEL = os.environ.get("TEST_USER_MODEL", "portal")
if USER_MODEL != "portal":
    # A site that is not the portal: Django's own sign-in.
    INSTALLED_APPS.remove("kyvos_portal")
    AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        "onboarding.backends.RoleBackend",
    ]
    LOGIN_URL = "/accounts/login/"
    LAYERS = {
        "kyvos_portal.layers.Sessions": "django.contrib.sessions.middleware.SessionMiddleware",
        "kyvos_portal.layers.Languages": "django.middleware.locale.LocaleMiddleware",
        "kyvos_portal.signin.sessions.SignedInMiddleware": "django.contrib.auth.middleware.AuthenticationMiddleware",
        "kyvos_portal.layers.SamlSessions": "djangosaml2.middleware.SamlSessionMiddleware",
        "kyvos_portal.layers.Messages": "django.contrib.messages.middleware.MessageMiddleware",
    }
    MIDDLEWARE[:] = [LAYERS.get(name, name) for name in MIDDLEWARE]
    ROOT_URLCONF = "tests.urls"
match USER_MODEL:
    case "auth":
        AUTH_USER_MODEL = "auth.User"
    case "email":
        AUTH_USER_MODEL = "emailuser.User"
        INSTALLED_APPS.append("tests.emailuser")
