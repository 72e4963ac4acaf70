"""SCIM users and groups: what was sent, who owns it, and the way to another owner."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from scim_provisioning import conf, rights
from scim_provisioning.directory import sync
from scim_provisioning.models import ExternalId, MultiValue, ScimGroup, ScimUser
from scim_provisioning.protocol.identifiers import shown

from .facts import ended_of, events_of, groups_of, sees
from .search import SearchPage


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows that only SCIM writes."""

    template = "scim_provisioning/rows.html"
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who sees a resource sees all of it: these rows are no less public than its columns."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed by hand."""
        return False


class MultiValueInline(ReadOnlyInline):
    """E-mail addresses, telephone numbers and the like."""

    model = MultiValue
    fields = ("attribute", "value", "type", "display", "primary", "rest")


class UserExternalIdInline(ReadOnlyInline):
    """What each connection calls the user."""

    model = ExternalId
    fk_name = "user"
    fields = ("connection", "value")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExternalId]:
        """Fetch the connections' names along."""
        return super().get_queryset(request).select_related("connection")


class GroupExternalIdInline(UserExternalIdInline):
    """What each connection calls the group."""

    fk_name = "group"


class ResourcePage(SearchPage):
    """One resource: its owner can be moved, the rest is the identity provider's."""

    list_filter = ("connection", "listed")
    ordering = ("-created", "-id")
    list_select_related = ("connection",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come with Django's users and groups."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows go with Django's users and groups."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything, but for some who owns it and whether it may be linked."""
        hidden = ("folded", "user_name_key", "display_name_key")
        editable = self._editable(request)
        names = [field.name for field in self.model._meta.fields]
        names = [name for name in names if name not in editable and name not in hidden]
        names = ["shown_id" if name == "id" else name for name in names]
        return [*names, "last_events"] if sees(request, "provisioningevent") else names

    @admin.display(description="id")
    def shown_id(self, obj: Any) -> str:
        """The id as clients know it."""
        return shown(obj.pk)

    @admin.display(description=_("last events"))
    def last_events(self, obj: Any) -> str:
        """What happened last, and the way to the rest."""
        return events_of(obj, self.admin_site)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The owner first."""
        return [*self._editable(request), *self.get_readonly_fields(request, obj)]

    def _editable(self, request: HttpRequest) -> list[str]:
        # Either hands an account or a group to SCIM, with all that it may do: the right to
        # change rows is too little.
        may_link = rights.may_allow_links(request.user)
        return ["connection", "link_allowed"] if may_link else []


@admin.register(ScimUser)
class ScimUserAdmin(ResourcePage):
    """Users as SCIM knows them."""

    list_display = ("user_name", "display_name", "active", "connection", "listed", "last_modified")
    prefix_field = "user_name_key"
    search_help_text = _("The beginning of a user name, or an id.")
    inlines = (MultiValueInline, UserExternalIdInline)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Where groups come from, and what was ended, too."""
        return [*super().get_readonly_fields(request, obj), "groups", "access_ended"]

    @admin.display(description=_("where groups come from"))
    def groups(self, obj: ScimUser) -> str:
        """Each group with who keeps it."""
        return groups_of(obj.user, self.admin_site)

    @admin.display(description=_("access ended"))
    def access_ended(self, obj: ScimUser) -> str:
        """When, and what that ended."""
        return ended_of(obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """An allowed link shows a protected account to SCIM."""
        super().save_model(request, obj, form, change)
        sync.sync_user(obj.user)


@admin.register(ScimGroup)
class ScimGroupAdmin(ResourcePage):
    """Groups as SCIM knows them."""

    list_display = ("display_name", "connection", "listed", "last_modified")
    prefix_field = "display_name_key"
    search_help_text = _("The beginning of a group name, or an id.")
    inlines = (GroupExternalIdInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Where groups are nested, those inside and outside too."""
        nested = ["holds", "held_by"] if conf.current().nested_groups else []
        return [*super().get_readonly_fields(request, obj), *nested]

    @admin.display(description=_("groups within it"))
    def holds(self, obj: ScimGroup) -> str:
        """The groups within, however deep."""
        return _names("scim_above__ancestor", obj)

    @admin.display(description=_("groups it is within"))
    def held_by(self, obj: ScimGroup) -> str:
        """The groups around, however far."""
        return _names("scim_below__descendant", obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """An allowed link shows a protected group to SCIM."""
        super().save_model(request, obj, form, change)
        sync.sync_group(obj.group)


MOST_NAMES = 50


def _names(path: str, group: ScimGroup) -> str:
    rows = Group.objects.filter(**{path: group.group_id}).order_by("name")
    names = list(rows.values_list("name", flat=True)[: MOST_NAMES + 1])
    more = [_("and more")] if len(names) > MOST_NAMES else []
    return ", ".join(map(str, [*names[:MOST_NAMES], *more])) or "-"
