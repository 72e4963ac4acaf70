"""What an installer includes: ``path("rest/scim/v2/", include("scim_provisioning.urls"))``."""

from __future__ import annotations

from .http.urls import app_name, urlpatterns

__all__ = ["app_name", "urlpatterns"]
