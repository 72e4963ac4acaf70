"""SAML's URLs, below ``/saml2/``."""

from __future__ import annotations

from django.urls import path

from .views import SamlAcs, SamlLogin, SamlLogout, SamlMetadata

urlpatterns = [
    path("login/<slug:slug>/", SamlLogin.as_view(), name="saml2_login"),
    path("acs/", SamlAcs.as_view(), name="saml2_acs"),
    path("ls/", SamlLogout.as_view(), name="saml2_ls"),
    path("metadata/", SamlMetadata.as_view(), name="saml2_metadata"),
]
