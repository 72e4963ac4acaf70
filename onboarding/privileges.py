"""Who holds a privilege by a role: conditions for whoever must not touch them.

``scim_provisioning`` takes them as its settings ``PRIVILEGED_USERS`` and ``PRIVILEGED_GROUPS``.
"""

from __future__ import annotations

from django.db.models import Q

from .models import GroupRole
from .models.role import LOWEST_RANK


def users() -> Q:
    """Return which accounts have a role above the lowest, of their own or by a group."""
    found = Q(portal_profile__role__rank__gt=LOWEST_RANK)
    given = GroupRole.objects.filter(role__rank__gt=LOWEST_RANK)
    for path in GroupRole.ways():
        found |= Q(pk__in=given.filter(**{f"{path}__isnull": False}).values(path))
    return found


def groups() -> Q:
    """Return which groups carry a role."""
    return Q(portal_role__isnull=False)
