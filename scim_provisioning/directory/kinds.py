"""What stands behind a resource besides its row: Django's own user, its group, or nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group

from scim_provisioning import hosting
from scim_provisioning.context import Context
from scim_provisioning.models import DeletePolicy
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.resources.mapping import Changes, ResourceMapping

from . import accounts, announcements
from .rows import Stored


class Kind:
    """A resource that is its row and nothing more; the base of the other two."""

    def make(self, mapping: ResourceMapping, changes: Changes, document: dict[str, Json]) -> Any:
        """Make what stands behind a new resource, and return it."""
        return None

    def identifier(self, account: Any) -> UUID | None:
        """Return the SCIM id of a new resource, None for a fresh one."""
        return None

    def facts(self, context: Context) -> dict[str, Any]:
        """Return the columns of a new row that no attribute is tied to."""
        return {}

    def change(self, mapping: ResourceMapping, stored: Stored, changes: Changes) -> None:
        """Let what stands behind a resource follow its changes."""

    def changed_facts(self, changes: Changes, now: datetime) -> dict[str, Any]:
        """Return the columns besides attributes that changes move."""
        return {}

    def ends_access(self, changes: Changes | None) -> bool:
        """Whether changes, or a removal (None), take a person's access away."""
        return False

    def remove(self, mapping: ResourceMapping, stored: Stored, context: Context) -> None:
        """Take a resource away."""
        mapping.model._default_manager.filter(pk=stored.id).delete()


class UserKind(Kind):
    """A user: an account of the site."""

    def make(self, mapping: ResourceMapping, changes: Changes, document: dict[str, Json]) -> Any:
        """Make the account."""
        return accounts.create_user(mapping.mirrored(changes))

    def identifier(self, account: Any) -> UUID | None:
        """The site's own code may know one."""
        return hosting.installed().identifier("user", account)

    def facts(self, context: Context) -> dict[str, Any]:
        """How the account was provisioned; own statements know no defaults."""
        return {
            "sign_in_class": context.principal.sign_in_class,
            "deleted": None,
            "credentials_valid_after": None,
        }

    def change(self, mapping: ResourceMapping, stored: Stored, changes: Changes) -> None:
        """Write the copies that the user model keeps."""
        accounts.change_user(stored.account, mapping.mirrored(changes))

    def changed_facts(self, changes: Changes, now: datetime) -> dict[str, Any]:
        """A deactivation ends every credential made before."""
        return {"credentials_valid_after": now} if self.ends_access(changes) else {}

    def ends_access(self, changes: Changes | None) -> bool:
        """To be disabled or deleted."""
        return changes is None or changes.get("active", (None, None))[1] is False

    def remove(self, mapping: ResourceMapping, stored: Stored, context: Context) -> None:
        """Disable the account for good, or delete it: as the connection has it."""
        erased = context.principal.delete_policy == DeletePolicy.ERASE
        announcements.deprovisioned(stored, context, erased=erased)
        host = hosting.current()
        if host and host.removes("user", stored.account):
            accounts.leave_groups(stored.owner_id)
            accounts.bury(stored.id)
        elif erased:
            accounts.leave_groups(stored.owner_id)
            accounts.erase(stored.account)
        else:
            accounts.tombstone(stored)


class GroupKind(Kind):
    """A group: one of Django's."""

    def make(self, mapping: ResourceMapping, changes: Changes, document: dict[str, Json]) -> Any:
        """Make the group."""
        return accounts.create_group(document["displayName"])

    def identifier(self, account: Any) -> UUID | None:
        """The site's own code may know one."""
        return hosting.installed().identifier("group", account)

    def change(self, mapping: ResourceMapping, stored: Stored, changes: Changes) -> None:
        """Rename the group."""
        if "displayName" in changes:
            accounts.rename_group(stored.owner_id, changes["displayName"][1])

    def remove(self, mapping: ResourceMapping, stored: Stored, context: Context) -> None:
        """Delete the group; its people stay."""
        group = Group.objects.get(pk=stored.owner_id)
        host = hosting.current()
        if host and host.removes("group", group):
            super().remove(mapping, stored, context)
        else:
            accounts.erase(group)


_KINDS = {"user": UserKind(), "group": GroupKind(), None: Kind()}


def of(mapping: ResourceMapping) -> Kind:
    """Return what stands behind the resources of a mapping."""
    return _KINDS[mapping.owner]
