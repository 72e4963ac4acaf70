"""A site that has onboarding and knows nothing of provisioning."""

from __future__ import annotations

import os

import django

SECRET_KEY = "only-for-tests"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "onboarding"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "onboarding.backends.RoleBackend",
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SITE_DATABASE"]}
}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
CONSOLE = "django.core.mail.backends.console.EmailBackend"
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": CONSOLE}}
else:
    EMAIL_BACKEND = CONSOLE
ROOT_URLCONF = "tests.no_urls"
LOGIN_URL = "/sign-in/"
ONBOARDING = {"SITE_URL": "https://site.example.com", "SITE_NAME": "The site"}
USE_TZ = True
