"""The site on django-scim2."""

from __future__ import annotations

import environ

SECRET_KEY = "x" * 50
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "tests.compat_site",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tests.compat_site.login.HeaderMiddleware",
    "django_scim.middleware.SCIMAuthCheckMiddleware",
]
ROOT_URLCONF = "tests.compat_site.urls_before"
AUTH_USER_MODEL = "compat_site.Account"
ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES = {"default": environ.Env().db_url("COMPAT_DATABASE")}
SCIM_SERVICE_PROVIDER = {
    "GROUP_MODEL": "tests.compat_site.models.Team",
    "USER_ADAPTER": "tests.compat_site.adapters.AccountAdapter",
    "GROUP_ADAPTER": "tests.compat_site.adapters.TeamAdapter",
    "GET_EXTRA_MODEL_FILTER_KWARGS_GETTER": "tests.compat_site.getters.filter_kwargs",
    "GET_EXTRA_MODEL_EXCLUDE_KWARGS_GETTER": "tests.compat_site.getters.exclude_kwargs",
    "NETLOC": "scim.example.com",
    "DOCUMENTATION_URI": "https://docs.example.com/scim",
    "AUTHENTICATION_SCHEMES": [
        {"type": "oauthbearertoken", "name": "Our tokens", "description": "Ask the help desk."}
    ],
}
