"""OpenID Connect's URLs, below ``/oidc/``."""

from __future__ import annotations

from django.urls import path

from .views import OIDCCallback, OIDCLogin

urlpatterns = [
    path("callback/", OIDCCallback.as_view(), name="oidc_callback"),
    path("<slug:slug>/login/", OIDCLogin.as_view(), name="oidc_login"),
]
