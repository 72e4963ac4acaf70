"""A site with this app and nothing of the portal's: no toolkit for OAuth, no pages."""

from __future__ import annotations

import os

SECRET_KEY = "x" * 50
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "scim_provisioning",
]
MIDDLEWARE = ["scim_provisioning.http.middleware.ScimMiddleware"]
ROOT_URLCONF = "tests.bare_urls"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["BARE_DATABASE"]}
}
ALLOWED_HOSTS = ["testserver"]
USE_TZ = True
