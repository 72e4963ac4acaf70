"""What the pages share; sites with another admin name its base class in the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite, ModelAdmin, ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string

from onboarding import conf
from onboarding.models import Role
from onboarding.models.role import ADMINISTRATOR_RANK


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

    class Media:
        css = {"all": ("onboarding/admin.css",)}

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Refuse a NUL in a filter, which no database looks for; the search tells it itself."""
        filters = (values for name, values in request.GET.lists() if name != SEARCH_VAR)
        if any("\0" in value for values in filters for value in values):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)


class ReadOnlyPage(Page):
    """A page of what nobody edits by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from elsewhere."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows stay as they are."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows stay."""
        return False


def address(site: AdminSite, model: type[Model], page: str, *keys: Any) -> str | None:
    """Return where a page of a model is on an admin site, None where it has none."""
    if not site.is_registered(model):
        return None
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=keys, current_app=site.name)


def may_allow_administrators(request: HttpRequest) -> bool:
    """Whether a person may give roles of Administrator's rank, and let others give them."""
    return bool(request.user.has_perm("onboarding.allow_administrators"))


class GivesRoles(Page):
    """A page that gives a role: those of Administrator's rank only by whoever may."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may not make administrators does not unmake them either."""
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same for taking a role away."""
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def _may_touch(self, request: HttpRequest, obj: Any) -> bool:
        role: Role | None = obj.role if obj is not None else None
        return role is None or not role.is_administrative or may_allow_administrators(request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the roles that the person may give."""
        if db_field.name == "role" and not may_allow_administrators(request):
            kwargs["queryset"] = Role.objects.filter(rank__lt=ADMINISTRATOR_RANK)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let a role be chosen here, and nothing else be done to it."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "role" and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field
