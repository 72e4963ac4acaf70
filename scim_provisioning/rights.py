"""Who may do what on the administrator's pages: three levels, by Django's own permissions.

*Viewing* is each model's ``view``. *Operating* changes no rule: pause and resume, rotate and
revoke, release the brake, replay. *Configuring* is to change connections, and does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.utils.translation import gettext as _

VIEW = "scim_provisioning.view_connection"
OPERATE = "scim_provisioning.operate_connection"
CONFIGURE = "scim_provisioning.change_connection"
ALLOW_LINKS = "scim_provisioning.allow_link"

SEEN = ("connection", "provisioningevent", "requestcount", "finding", "scimuser", "scimgroup")
"""The models that whoever looks after provisioning sees."""
CONFIGURED = (
    *("connection", "customattribute", "oidcapplication", "personalaccesstoken"),
    "workloadtrust",
)


def may_operate(user: Any) -> bool:
    """Whether a person may pause, rotate and replay: who may configure may operate too."""
    return bool(user.has_perm(OPERATE) or user.has_perm(CONFIGURE))


def may_configure(user: Any) -> bool:
    """Whether a person may change connections, and what opens them."""
    return bool(user.has_perm(CONFIGURE))


def may_allow_links(user: Any) -> bool:
    """Whether a person may let connections manage accounts with privileges."""
    return bool(user.has_perm(ALLOW_LINKS))


@dataclass(frozen=True, slots=True)
class Level:
    """A suggested group: its name, and the codenames of its permissions."""

    name: str
    codenames: tuple[str, ...]


def levels() -> tuple[Level, Level, Level]:
    """Return the three suggested groups; each may what the one before it may."""
    view = tuple(f"view_{model}" for model in SEEN)
    operate = (*view, "operate_connection")
    verbs = ("view", "add", "change", "delete")
    configure = (
        *operate,
        *(f"{verb}_{model}" for model in CONFIGURED for verb in verbs),
        *("change_scimuser", "change_scimgroup", "allow_link"),
    )
    return (
        Level(_("Provisioning viewers"), view),
        Level(_("Provisioning operators"), operate),
        Level(_("Provisioning administrators"), tuple(dict.fromkeys(configure))),
    )


def make_groups() -> list[Group]:
    """Make the suggested groups, or give those of that name what they lack; nothing is taken."""
    permissions = Permission.objects.filter(content_type__app_label="scim_provisioning")
    by_codename = {permission.codename: permission for permission in permissions}
    groups = []
    for level in levels():
        group, _made = Group.objects.get_or_create(name=level.name)
        group.permissions.add(*(by_codename[codename] for codename in level.codenames))
        groups.append(group)
    return groups
