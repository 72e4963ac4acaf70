"""The URLs of a site that is not the portal."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("rest/scim/v2/", include("scim_provisioning.urls")),
    path("oauth/", include("scim_provisioning.oauth_urls")),
]
