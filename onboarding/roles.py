"""The built-in roles, and making sure that they are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission

from .models import Role
from .models.role import ADMINISTRATOR_RANK, LOWEST_RANK


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A role that every site has; ``permissions`` are code names of this app."""

    slug: str
    name: str
    rank: int
    permissions: tuple[str, ...] = ()
    fixed: bool = False


BUILT_IN = (
    BuiltIn("administrator", "Administrator", ADMINISTRATOR_RANK, fixed=True),
    BuiltIn("designer", "Designer", 300, ("view_entities", "build_entities", "design_entities")),
    BuiltIn("business-user", "Business User", 200, ("view_entities", "build_entities")),
    BuiltIn("end-user", "End User", LOWEST_RANK, ("view_entities",), fixed=True),
)


def ensure(using: str = "default") -> None:
    """Make the built-in roles that are missing; those that are there stay as they are."""
    there = set(Role.objects.using(using).values_list("slug", flat=True))
    for built_in in BUILT_IN:
        if built_in.slug not in there:
            _make(built_in, using)


def _make(built_in: BuiltIn, using: str) -> None:
    role = Role.objects.using(using).create(
        slug=built_in.slug,
        name=built_in.name,
        rank=built_in.rank,
        built_in=True,
        fixed=built_in.fixed,
    )
    role.permissions.set(
        Permission.objects.using(using).filter(
            content_type__app_label="onboarding",
            content_type__model="role",
            codename__in=built_in.permissions,
        )
    )


def ensure_after_migrate(using: str, apps: Any = installed, **_: object) -> None:
    """Make the built-in roles once their table and their permissions are there.

    A flush tells no state of the apps: then they are as they are.
    """
    try:
        apps.get_model("onboarding", "Role")
    except LookupError:
        return
    config = installed.get_app_config("onboarding")
    create_permissions(config, verbosity=0, interactive=False, using=using)
    ensure(using)
