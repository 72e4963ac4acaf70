"""A person with some permissions at the admin, and what its pages cost."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse


def url(model, page="changelist", *args):
    return reverse(f"admin:onboarding_{model}_{page}", args=args)


@pytest.fixture
def staff(db):
    """Return a function that signs in somebody with the named permissions."""

    def staff(*codenames):
        user = get_user_model().objects.create_user(f"staff{len(codenames)}", is_staff=True)
        permissions = Permission.objects.filter(codename__in=codenames)
        assert len(permissions) == len(codenames)
        user.user_permissions.set(permissions)
        client = Client()
        client.force_login(user)
        client.user = user
        return client

    return staff


@contextmanager
def statements(at_most):
    """Fail where more statements are run."""
    with CaptureQueriesContext(connection) as queries:
        yield
    assert len(queries) <= at_most, "\n".join(query["sql"] for query in queries)


def cost(client, address):
    """Return how many statements a page runs."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)
