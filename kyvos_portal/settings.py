"""Settings of the portal, from the environment: see variables.py for what it may say."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from .environment import (
    BASE_DIR,
    HOME,
    database,
    encryption_keys,
    flag,
    given,
    hosts,
    mail,
    proxies,
    public_url,
    read,
    seconds,
    secret_key,
)

DEBUG = flag("DEBUG")
SECRET_KEY = secret_key()
PUBLIC_URL = public_url()
ALLOWED_HOSTS = hosts(PUBLIC_URL)
IS_SECURE = bool(PUBLIC_URL and PUBLIC_URL.startswith("https://"))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "oauth2_provider",
    "scim_provisioning",
    "onboarding",
    "django_tasks_db",
    "kyvos_portal",
]
if find_spec("django.tasks") is None:
    # Django 5.2 has the tasks API as an app of its own.
    INSTALLED_APPS.append("django_tasks")
MIDDLEWARE = [
    "scim_provisioning.http.middleware.ScimMiddleware",
    "kyvos_portal.probes.ProbesMiddleware",
    "kyvos_portal.policy.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kyvos_portal.layers.Sessions",
    "kyvos_portal.layers.Languages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "kyvos_portal.signin.sessions.SignedInMiddleware",
    "kyvos_portal.layers.SamlSessions",
    "kyvos_portal.layers.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
if flag("SERVER_TIMING"):
    MIDDLEWARE.insert(0, "kyvos_portal.timing.ServerTimingMiddleware")

ROOT_URLCONF = "kyvos_portal.urls"
WSGI_APPLICATION = "kyvos_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # In the wheel they lie beside this file.
        "DIRS": [Path(__file__).with_name("templates"), BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": database()}
# Django's own 300 entries are soon full: then counts of failures would be forgotten.
CACHES = {"default": read("CACHE_URL", "cache_url", "locmemcache://?max_entries=100000")}
vars().update(mail())

AUTH_USER_MODEL = "kyvos_portal.User"
AUTHENTICATION_BACKENDS = [
    "kyvos_portal.signin.backends.PortalBackend",
    "kyvos_portal.signin.oidc.backend.OIDCBackend",
    "onboarding.backends.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_SIGN_IN = flag("PASSWORD_SIGN_IN", default=True)
EMERGENCY_ADMINISTRATOR = given("EMERGENCY_ADMINISTRATOR")
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en"
# Those that all pages and mails are translated to: a page in two languages is worse than one.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
STATIC_ROOT = HOME / "staticfiles"
# Without collectstatic, as in the quickstart, files are served from where they are.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Behind TLS everything is secure; the quickstart on a loopback address has no TLS to rely on.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_SECURE
READY_MAX_WAIT = seconds("READY_MAX_WAIT", 0)
SECURE_HSTS_SECONDS = 31_536_000 if IS_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_SECURE else None
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
# The prefix lets no other host and no plain connection set these cookies.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = (
    ("__Host-session", "__Host-csrf") if IS_SECURE else ("sessionid", "csrftoken")
)
SESSION_COOKIE_HTTPONLY = True
# From sign-in on, however active the person is.
SESSION_COOKIE_AGE = 8 * 60 * 60
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

OIDC_AUTHENTICATION_CALLBACK_URL = "oidc_callback"
OIDC_USE_PKCE = True
SAML_KEY_FILE = given("SAML_KEY_FILE", str(HOME / ".saml_key.pem"))
SAML_CSP_HANDLER = ""
SAML_LOGOUT_REQUEST_PREFERRED_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
# A provider's answer comes as a form of another site: only this cookie travels with it. Without
# TLS browsers send one that names no SameSite for two minutes; None has to be secure.
SAML_SESSION_COOKIE_NAME, SAML_SESSION_COOKIE_SAMESITE = (
    ("__Host-saml", "None") if IS_SECURE else ("saml", None)
)

SCIM_PROVISIONING = {
    "USER_RESOURCE": "kyvos_portal.scim.USER",
    "PRIVILEGED_USERS": "onboarding.privileges.users",
    "PRIVILEGED_GROUPS": "onboarding.privileges.groups",
    "FINDINGS": ("kyvos_portal.findings.of_onboarding", "kyvos_portal.findings.of_the_worker"),
    "SAML_VALUES": "kyvos_portal.signin.saml.values.okta",
    "PUBLIC_URL": PUBLIC_URL,
    "TRUSTED_PROXIES": proxies(),
    "ENCRYPTION_KEYS": encryption_keys(),
    "ALLOW_LOCAL_ISSUERS": flag("ALLOW_LOCAL_ISSUERS"),
    "NESTED_GROUPS": flag("NESTED_GROUPS"),
    "METRICS": flag("METRICS", default=True),
    "METRICS_TOKEN": given("METRICS_TOKEN") or None,
}

# Nothing of the toolkit is served but its models: the token endpoint is scim_provisioning's.
OAUTH2_PROVIDER = {
    f"COMPLIANT_BCP_RFC9700_{gate}": True
    for gate in (
        "ACCESS_TOKEN_TRANSPORT",
        "AUTHZ_RESPONSE_ISS",
        "IMPLICIT_GRANT",
        "PASSWORD_GRANT",
        "PKCE_METHOD",
        "TOKEN_STORAGE",
    )
} | {"REFRESH_TOKEN_REUSE_PROTECTION": True, "ALLOWED_REDIRECT_URI_SCHEMES": ["https"]}

ONBOARDING = {
    "PREFERENCES": "kyvos_portal.scim.preferences",
    "SOURCES": "kyvos_portal.scim.sources",
    "SITE_URL": PUBLIC_URL or "http://127.0.0.1:8000",
    "SITE_NAME": "Kyvos",
}
if SCIM_PROVISIONING["NESTED_GROUPS"]:
    AUTHENTICATION_BACKENDS.append("scim_provisioning.backends.NestedGroupsBackend")
    ONBOARDING["INNER_GROUPS"] = "scim_below__descendant"

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "kyvos_portal.logs.JsonFormatter"}},
    "filters": {"request_id": {"()": "scim_provisioning.logs.RequestIdFilter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # At DEBUG it writes the tokens that it issues.
        "oauthlib": {"level": "INFO"},
        # It tells each time that it looks for work.
        "django_tasks_db": {"level": "WARNING"},
        # They write whole messages, with what these say of people; the portal's log has refusals.
        "saml2": {"level": 100, "propagate": False},
        "djangosaml2": {"level": 100, "propagate": False},
        "mozilla_django_oidc": {"level": 100, "propagate": False},
        "xmlschema": {"level": "WARNING"},
    },
}
