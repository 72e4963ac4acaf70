"""What a site's own pages of its users and groups take to tell, and to keep, what SCIM does.

::

    @admin.register(User)
    class SiteUserAdmin(ProvisionedUser, UserAdmin): ...
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.forms import Media
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from scim_provisioning.resources import mirror

from .facts import ended_of, events_of, facts_of, groups_of, sees
from .kept import KeptFields, without

EVENTS = "scim_events"


class Provisioned(KeptFields):
    """A page with what SCIM knows of its row, each part for those who may see that."""

    kind: str
    scim_sections: tuple[str, ...] = ("scim_facts",)

    @property
    def media(self) -> Media:
        """Add the style of the facts: an inner class would count in an admin's own class only."""
        return super().media + Media(css={"all": ("scim_provisioning/admin.css",)})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the facts."""
        names = super().get_readonly_fields(request, obj)
        return names if obj is None else [*names, *self.scim_sections, EVENTS]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the parts that the person may see."""
        fieldsets = without(super().get_fieldsets(request, obj), *self.scim_sections, EVENTS)
        shown = (
            *(self.scim_sections if sees(request, self.kind) else ()),
            *((EVENTS,) if sees(request, "provisioningevent") else ()),
        )
        if obj is None or not shown:
            return fieldsets
        return (*fieldsets, (_("Provisioning"), {"fields": shown}))

    @admin.display(description=_("as SCIM knows it"))
    def scim_facts(self, obj: Any) -> str:
        """Show id, name as sent, external ids, owner, times, and what was ended."""
        return facts_of(getattr(obj, "scim", None), self.admin_site)

    @admin.display(description=_("last events"))
    def scim_events(self, obj: Any) -> str:
        """Show what happened last, and the way to the rest."""
        return events_of(getattr(obj, "scim", None), self.admin_site)


class ProvisionedUser(Provisioned):
    """For the page of the user model."""

    kind = "scimuser"
    scim_sections = ("scim_facts", "scim_groups", "scim_ended")

    def kept_names(self) -> Iterable[str]:
        """Return the copies that the user model keeps."""
        return [field.name for field in mirror.fields().values()]

    @admin.display(description=_("where groups come from"))
    def scim_groups(self, obj: Any) -> str:
        """Show each group with who keeps it."""
        return groups_of(obj, self.admin_site)

    @admin.display(description=_("access ended"))
    def scim_ended(self, obj: Any) -> str:
        """Show when, and what."""
        return ended_of(getattr(obj, "scim", None))


class ProvisionedGroup(Provisioned):
    """For the page of ``auth.Group``."""

    kind = "scimgroup"

    def kept_names(self) -> Iterable[str]:
        """Return the name: what a group may do is the site's."""
        return ["name"]
