"""Who looks at the admin's pages, whatever the user model."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client


def account(name: str, **fields):
    """Make an account of that name."""
    model = get_user_model()
    return model._default_manager.create(**{model.USERNAME_FIELD: name, **fields})


def staff(*codenames: str) -> Client:
    """Return a client of a member of staff with just these permissions."""
    user = account("helper@example.com", is_staff=True)
    permissions = Permission.objects.filter(codename__in=codenames)
    assert {one.codename for one in permissions} == set(codenames)
    user.user_permissions.set(permissions)
    return signed_in(user)


def signed_in(user) -> Client:
    """Return a client of that person."""
    client = Client()
    client.force_login(user)
    return client
