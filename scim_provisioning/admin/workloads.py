"""Trusted workloads: whose assertions get a connection's tokens without a secret."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from scim_provisioning import connections, credentials
from scim_provisioning.auth import portal_tokens
from scim_provisioning.models import WorkloadTrust

from .base import ConfiguringPage, site


@admin.register(WorkloadTrust)
class WorkloadTrustAdmin(ConfiguringPage):
    """A trust opens the API like a token does; removing one asks first, as everywhere."""

    list_display = ("subject", "connection", "issuer", "enabled", "last_used", "last_address")
    list_filter = ("connection", "enabled")
    search_fields = ("subject", "issuer")
    list_select_related = ("connection",)
    readonly_fields = ("created", "last_used", "last_address")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Where there is a token endpoint."""
        return portal_tokens.is_installed() and super().has_add_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A trust stays with its connection."""
        return (*self.readonly_fields, "connection") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Tell what to paste in return: none of it is secret."""
        super().save_model(request, obj, form, change)
        text = _("Client ID %(client)s, Token URL %(token)s, SCIM URL %(scim)s")
        facts = {
            "client": credentials.client(obj.connection).client_id,
            "token": connections.token_endpoint(site(request)),
            "scim": connections.base_url(site(request)),
        }
        messages.success(request, text % facts)
