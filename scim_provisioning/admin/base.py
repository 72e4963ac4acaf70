"""What the pages share; sites with another admin name its base class in the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin, ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.http import HttpRequest
from django.utils.module_loading import import_string

from scim_provisioning import conf, rights


def named_base() -> Any:
    """Return the base that the site names; a path that leads nowhere is a check's to tell."""
    try:
        return import_string(conf.current().admin_base)
    except (ImportError, AttributeError):
        return ModelAdmin


if TYPE_CHECKING:
    Base = ModelAdmin
else:
    Base = named_base()


class Page(Base):  # type: ignore[type-arg]
    """A page that a table of a million rows does not slow down."""

    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    form_fields: tuple[str, ...] = (SEARCH_VAR,)
    """Parameters whose own forms tell what is wrong with them."""

    class Media:
        css = {"all": ("scim_provisioning/admin.css",)}

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Refuse a NUL in a filter: no database looks for one."""
        filters = (values for name, values in request.GET.lists() if name not in self.form_fields)
        if any("\0" in value for values in filters for value in values):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Remember what was read, to write no more than what differs from it."""
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            obj.as_read = vars(obj).copy()
        return obj

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write the columns that the form changed: what others wrote meanwhile stays."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        fields = obj._meta.concrete_fields
        changed = [f.name for f in fields if getattr(obj, f.attname) != obj.as_read.get(f.attname)]
        obj.save(update_fields=changed)

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether a person may pause, rotate and replay: for actions and pages."""
        return rights.may_operate(request.user)

    def has_configure_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether a person may change connections, and what opens them."""
        return rights.may_configure(request.user)


def site(request: HttpRequest) -> str:
    """Return scheme and host as whoever looks at the page knows them."""
    return f"{request.scheme}://{request.get_host()}"


class ReadOnlyPage(Page):
    """A page of what nobody edits: no adding, no changing, no deleting."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from elsewhere."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows stay as they are."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows stay."""
        return False


class ConfiguringPage(Page):
    """A page of what opens the API: for those who may configure connections."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may not configure connections makes none."""
        return rights.may_configure(request.user) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may not configure connections changes none."""
        return rights.may_configure(request.user) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may not configure connections removes none: that stops one."""
        return rights.may_configure(request.user) and super().has_delete_permission(request, obj)
