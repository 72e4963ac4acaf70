"""The end of access: one write, seen by every session, token and portal token."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from scim_provisioning.models import ScimUser

from .models import Identity


def end_for(users: Any) -> int:
    """End what was issued to these accounts so far; return how many they are."""
    return ScimUser.objects.filter(user__in=users).update(credentials_valid_after=timezone.now())


def end_for_provider(way: str, issuer: str, connections: Any = None) -> int:
    """End the access of those who sign in by a provider, or of some connections' among them."""
    known: QuerySet[Identity] = Identity.objects.filter(
        way=way, issuer=issuer, subject__isnull=False
    )
    if connections is not None:
        known = known.filter(Q(user__scim__connection__in=connections), origin="match")
    return end_for(known.values("user"))
