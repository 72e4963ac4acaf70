"""Who holds a privilege by a role: conditions for whoever must not touch them.

``scim_provisioning`` takes them as its settings ``PRIVILEGED_USERS`` and ``PRIVILEGED_GROUPS``.
"""

from __future__ import annotations

from django.db.models import Q

from .models.role import LOWEST_RANK


def users() -> Q:
    """Return which accounts have a role above the lowest, of their own or by a group."""
    above = "role__rank__gt"
    own = Q(**{f"portal_profile__{above}": LOWEST_RANK})
    return own | Q(**{f"groups__portal_role__{above}": LOWEST_RANK})


def groups() -> Q:
    """Return which groups carry a role."""
    return Q(portal_role__isnull=False)
