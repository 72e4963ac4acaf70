"""A site whose admin is not Django's default one: an instance of its own, under another path."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

ops = admin.AdminSite(name="ops")
for model, page in admin.site._registry.items():
    if model._meta.app_label in ("scim_provisioning", "onboarding"):
        ops.register(model, type(page))

urlpatterns = [
    path("rest/scim/v2/", include("scim_provisioning.urls")),
    path("ops/", ops.urls),
    path("admin/", admin.site.urls),
]
