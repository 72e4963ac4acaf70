"""The token endpoint: ``path("oauth/", include("scim_provisioning.oauth_urls"))``.

For sites with django-oauth-toolkit among their apps; a last slash is not held against anybody.
"""

from __future__ import annotations

from django.urls import re_path

from .http import oauth

app_name = "scim-oauth"

urlpatterns = [
    re_path(r"^token/?$", oauth.Token.as_view(), name="token"),
    re_path(r"^revoke/?$", oauth.Revoke.as_view(), name="revoke"),
]
