"""What the tests of onboarding start from."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model

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


@pytest.fixture
def ada(db):
    return make_user()


@pytest.fixture
def author(db):
    return make_user("author@example.com")
