"""The URLs of a site with a view that fails, below the prefix and elsewhere."""

from __future__ import annotations

from django.urls import include, path


def broken(request):
    raise ZeroDivisionError("secret")


urlpatterns = [
    path("rest/scim/v2/broken", broken),
    path("broken", broken),
    path("rest/scim/v2/", include("scim_provisioning.urls")),
]
