"""Signing in by OpenID Connect, on mozilla-django-oidc; one application at a time."""
