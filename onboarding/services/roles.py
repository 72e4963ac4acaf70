"""Roles of users and groups: given, taken away, and which of them is in effect."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from onboarding.models import GroupRole, Origin, Role, UserProfile
from onboarding.models.role import ADMINISTRATOR_RANK

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Effective:
    """The role in effect, and where it comes from: the user's profile, or a group."""

    role: Role
    profile: UserProfile | None = None
    group_role: GroupRole | None = None


def counted() -> Q:
    """Return which roles of groups count: none of Administrator's rank unless allowed."""
    return Q(role__rank__lt=ADMINISTRATOR_RANK) | Q(administrator_allowed=True)


def in_effect(user: Any) -> QuerySet[Role]:
    """Return the roles of a user, the one in effect first.

    ``user`` is a key, or an OuterRef where this is a subquery.
    """
    user = OuterRef(user) if isinstance(user, OuterRef) else user
    found = Q(pk__in=UserProfile.objects.filter(user=user).values("role"))
    for path in GroupRole.ways():
        by_group = GroupRole.objects.filter(counted(), **{path: user})
        found |= Q(pk__in=by_group.values("role"))
    return Role.objects.filter(found).order_by("-rank", "name")


def effective_role(user: Any) -> Effective | None:
    """Return the highest role of a user, its own before a group's; None without any."""
    own = UserProfile.objects.filter(user=user.pk).select_related("role").first()
    roles = held(user, own)
    return roles[0] if roles else None


def held(user: Any, own: UserProfile | None) -> list[Effective]:
    """Return every role of a user, given its profile: the one in effect first."""
    roles = [Effective(own.role, own)] if own and own.role else []
    found = (GroupRole.objects.filter(**{path: user.pk}).values("pk") for path in GroupRole.ways())
    by_group = reduce(or_, (Q(pk__in=keys) for keys in found))
    for given in GroupRole.objects.filter(counted(), by_group).select_related("role", "group"):
        roles.append(Effective(given.role, group_role=given))
    return sorted(roles, key=lambda one: (-one.role.rank, one.role.name))


def lowest() -> Role:
    """Return the role that everybody may have."""
    return Role.objects.get(slug="end-user")


@transaction.atomic
def give(user: Any, role: Role | None, author: Any) -> UserProfile:
    """Give a user a role of its own by a person's hand, or take it away with None."""
    given = {
        "role": role,
        "role_origin": Origin.PERSON,
        "role_given_by": author,
        "role_given": timezone.now(),
    }
    return UserProfile.objects.update_or_create(user=user, defaults=given)[0]


@transaction.atomic
def give_group(
    group: Group, role: Role, author: Any, *, administrator_allowed: bool = False
) -> GroupRole:
    """Give a group a role; raise ValidationError where it makes administrators unallowed."""
    given, _ = GroupRole.objects.get_or_create(group=group, defaults={"role": role})
    given.role, given.given_by, given.given = role, author, timezone.now()
    given.administrator_allowed = administrator_allowed and role.is_administrative
    given.clean()
    given.save()
    if given.administrator_allowed:
        logger.warning("User %s allowed that group %r makes administrators", author, group.name)
    return given


def free_slug(name: str) -> str:
    """Return an identifier for a new role of that name which no other has."""
    slug = base = slugify(name)[:90] or "role"
    number = 1
    while Role.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


@transaction.atomic
def copy(role: Role, name: str) -> Role:
    """Make a role of one's own from another: its rank and permissions under a new name."""
    made = Role(slug=free_slug(name), name=name, rank=role.rank)
    made.full_clean()
    made.save()
    made.permissions.set(permissions(role))
    return made


def permissions(role: Role) -> QuerySet[Permission]:
    """Return the permissions that a role holds."""
    return Permission.objects.all() if role.grants_everything else role.permissions.all()
