"""The portal's URLs."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from .home import home
from .signin.security import revoke, security
from .signin.views import SignInView, sign_out

urlpatterns = [
    # First: identity providers ask more often than people.
    path("rest/scim/v2/", include("scim_provisioning.urls")),
    path("oauth/", include("scim_provisioning.oauth_urls")),
    path("", home, name="home"),
    # The admin's pages name no icon: browsers ask for this one.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}portal.svg")),
    # One page has all the ways in, and one rule says whose they are.
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("admin/logout/", sign_out),
    path("admin/", admin.site.urls),
    path("accounts/login/", SignInView.as_view(), name="login"),
    path("accounts/logout/", sign_out, name="logout"),
    path("oidc/", include("kyvos_portal.signin.oidc.urls")),
    path("saml2/", include("kyvos_portal.signin.saml.urls")),
    path("accounts/security/", security, name="security"),
    path("accounts/security/tokens/<int:pk>/revoke/", revoke, name="revoke-token"),
]
