"""What the pages share; sites with another admin name its base class in the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.module_loading import import_string

from scim_provisioning import conf

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as Base
else:
    Base = import_string(conf.current().admin_base)


class Page(Base):  # type: ignore[type-arg]
    """A page that a table of a million rows does not slow down."""

    show_full_result_count = False
    list_per_page = 50


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
