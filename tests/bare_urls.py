"""The URLs of a site without a token endpoint."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("rest/scim/v2/", include("scim_provisioning.urls"))]
