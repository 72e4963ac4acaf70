"""Models of the kind that django-scim2's documentation shows."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Team(AbstractSCIMGroupMixin):
    name = models.CharField(max_length=80, unique=True)


class Account(AbstractSCIMUserMixin, AbstractUser):
    color = models.CharField(max_length=20, blank=True)
    tenant = models.CharField(max_length=20, default="north")
    gone = models.BooleanField(default=False)
    scim_groups = models.ManyToManyField(Team, related_name="user_set")
