"""What the tests of onboarding start from."""

from __future__ import annotations

import json

import django
import pytest
from django.apps import apps
from django.contrib.auth import get_user_model

# The pages stand in the portal's admin; a site that is not the portal has none here.
collect_ignore_glob = [] if apps.is_installed("kyvos_portal") else ["test_*_pages.py"]

DOCUMENTED = """{ "roleName": "Business User", "sendWelcomeMailToUser": false, "updatePreferences": false, "defaultEntities": { } }"""
"""As the documentation prints it."""


def make_user(name="ada@example.com", **fields):
    model = get_user_model()
    if model.USERNAME_FIELD != "email":
        fields.setdefault("email", name)
    return model.objects.create(**{model.USERNAME_FIELD: name, **fields})


def text(**keys):
    """First Login Actions with these keys besides a role."""
    return json.dumps({"roleName": "Business User", **keys})


def send_by(settings, backend, **options):
    """Send mails by a backend of that path, as the Django in use is told so."""
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
        return
    settings.EMAIL_BACKEND = backend
    for name, value in options.items():
        setattr(settings, f"EMAIL_{name.upper()}", value)


@pytest.fixture
def ada(db):
    return make_user()


@pytest.fixture
def author(db):
    return make_user("author@example.com")
