"""Django's own user and group behind a resource: made, changed and taken away."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import F, ProtectedError, RestrictedError
from django.utils import timezone

from scim_provisioning.models import ExternalId, MultiValue, ScimGroup, ScimUser
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import Conflict
from scim_provisioning.resources import mirror
from scim_provisioning.resources.relations import membership

from .rows import Stored
from .saving import save

GROUP_NAME_LENGTH = 150
PRIVILEGES = {"is_staff", "is_superuser"}
"""Flags of the user model that are more than permissions."""


def create_user(mirrored: dict[str, Json]) -> Any:
    """Make the Django account of a new user; it has no password."""
    account = get_user_model()(**mirror.values(mirrored))
    account.set_unusable_password()
    return save(account)


def change_user(account: Any, mirrored: dict[str, Json]) -> None:
    """Write the changed values that the user model keeps a copy of."""
    values = mirror.values(mirrored)
    changed = [name for name, value in values.items() if getattr(account, name) != value]
    if changed:
        for name in changed:
            setattr(account, name, values[name])
        save(account, changed)


def group_name(display_name: str) -> str:
    """Return what fits ``Group.name``: the name, or its head and a hash where it is too long."""
    if len(display_name) <= GROUP_NAME_LENGTH:
        return display_name
    digest = hashlib.sha256(display_name.encode()).hexdigest()[:12]
    return f"{display_name[: GROUP_NAME_LENGTH - 13]}~{digest}"


def create_group(display_name: str) -> Any:
    """Make Django's group."""
    return save(Group(name=group_name(display_name)))


def rename_group(group_id: Any, display_name: str) -> None:
    """Rename Django's group."""
    save(Group(pk=group_id, name=group_name(display_name)), ["name"])


def tombstone(stored: Stored) -> None:
    """Take an account out of use, keeping the row that other data hangs on."""
    account = stored.account
    dead = f"deleted-{stored.id}"
    known = mirror.fields()
    fields: dict[str, Any] = {
        known[mirror.USERNAME].attname: _fitting(known[mirror.USERNAME], dead)
    }
    if mirror.ACTIVE in known:
        fields[known[mirror.ACTIVE].attname] = False
    if mirror.EMAIL in known and known[mirror.EMAIL].unique:
        fields[known[mirror.EMAIL].attname] = _fitting(known[mirror.EMAIL], dead)
    # Whoever enables it again gives it what it may do anew.
    fields |= dict.fromkeys(PRIVILEGES & {field.name for field in account._meta.fields}, False)
    for name, value in fields.items():
        setattr(account, name, value)
    save(account, list(fields))
    leave_groups(stored.owner_id)
    account.user_permissions.clear()
    bury(stored.id)


def _fitting(field: Any, name: str) -> str:
    is_email = any(
        getattr(v, "code", None) == "invalid" and hasattr(v, "domain_regex")
        for v in field.validators
    )
    return f"{name}@deleted.invalid" if is_email else name


def bury(identifier: UUID) -> None:
    """Take a user out of SCIM for good; its name is free again."""
    now = timezone.now()
    ScimUser.objects.filter(pk=identifier).update(
        deleted=now,
        listed=False,
        active=False,
        user_name_key=None,
        credentials_valid_after=now,
        last_modified=now,
        version=F("version") + 1,
    )
    MultiValue.objects.filter(user=identifier).delete()
    ExternalId.objects.filter(user=identifier).delete()


def leave_groups(user_id: Any) -> None:
    """Take a user out of every group."""
    through, user, group = membership()
    groups = through._default_manager.filter(**{user: user_id})
    touched = list(groups.values_list(group, flat=True))
    if touched:
        groups.delete()
        ScimGroup.objects.filter(group__in=touched).update(
            version=F("version") + 1, last_modified=timezone.now()
        )


def erase(account: Any) -> None:
    """Delete an account; raise Conflict, naming what protects it, where Django refuses."""
    try:
        account._scim_in_charge = True
        account.delete()
    except (ProtectedError, RestrictedError) as error:
        objects = getattr(error, "protected_objects", None) or error.restricted_objects  # type: ignore[union-attr]
        names = sorted({str(thing._meta.verbose_name_plural) for thing in objects})
        raise Conflict(f"The account cannot be deleted: {', '.join(names)} refer to it.") from None
