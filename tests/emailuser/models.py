"""A user without ``username``, ``first_name`` and ``last_name``, and with a UUID for its key."""

from __future__ import annotations

from random import getrandbits
from time import time_ns
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


def key_of_now() -> UUID:
    """Return a key that orders accounts by age, as tests expect of keys that count up."""
    return UUID(int=time_ns() << 64 | getrandbits(64))


class User(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=key_of_now, editable=False)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    objects = BaseUserManager()

    class Meta:
        app_label = "emailuser"
