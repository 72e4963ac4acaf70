"""The endpoints (RFC 7644 section 3.2); a doubled or a last slash is not held against anybody."""

from __future__ import annotations

from django.urls import URLPattern, re_path

from . import discovery, views
from .base import ScimView

app_name = "scim"
ENDPOINT = r"(?P<endpoint>[^/]+)"
"""``Users``, ``Groups``, and what the site registers; anything else is 404."""


def _named(
    name: str, endpoint: str, whole: type[ScimView], one: type[ScimView]
) -> list[URLPattern]:
    """Return patterns of one name, for an endpoint and for what is below it."""
    return [
        re_path(rf"^{endpoint}$", whole.as_view(), name=name),
        re_path(rf"^{endpoint}/(?P<uuid>[^/]+)$", one.as_view(), name=name),
    ]


urlpatterns = [
    re_path(r"^[/]*$", views.Root.as_view(), name="root"),
    re_path(
        r"^[/]*ServiceProviderConfig/*$",
        discovery.ServiceProviderConfig.as_view(),
        name="service-provider-config",
    ),
    re_path(r"^[/]*ResourceTypes/*$", discovery.ResourceTypes.as_view(), name="resource-types"),
    re_path(
        r"^[/]*ResourceTypes/(?P<id>[^/]+)/*$",
        discovery.ResourceTypes.as_view(),
        name="resource-type",
    ),
    re_path(r"^[/]*Schemas/*$", discovery.Schemas.as_view(), name="schemas"),
    re_path(r"^[/]*Schemas/(?P<id>[^/]+)/*$", discovery.Schemas.as_view(), name="schema"),
    re_path(r"^[/]*Me/*$", views.Me.as_view(), {"endpoint": "Users", "id": "Me"}, name="me"),
    re_path(r"^[/]*Bulk/*$", views.Bulk.as_view(), name="bulk"),
    re_path(r"^[/]*\.search/*$", views.SearchView.as_view(), name="all-search"),
    re_path(rf"^[/]*{ENDPOINT}/*$", views.Collection.as_view(), name="collection"),
    re_path(rf"^[/]*{ENDPOINT}/\.search/*$", views.SearchView.as_view(), name="search"),
    re_path(rf"^[/]*{ENDPOINT}/(?P<id>[^/]+)/*$", views.Resource.as_view(), name="resource"),
    # Names that django-scim2 gave: to reverse only, what matches them stands above.
    *_named("users", "Users", views.Collection, views.Resource),
    *_named("groups", "Groups", views.Collection, views.Resource),
    *_named("resource-types", "ResourceTypes", discovery.ResourceTypes, discovery.ResourceTypes),
    *_named("schemas", "Schemas", discovery.Schemas, discovery.Schemas),
    re_path(r"^\.search$", views.SearchView.as_view(), name="search"),
    re_path(r"^Users/\.search$", views.SearchView.as_view(), name="users-search"),
    re_path(r"^Groups/\.search$", views.SearchView.as_view(), name="groups-search"),
    re_path(r"^.*$", views.Nowhere.as_view(), name="nowhere"),
]
