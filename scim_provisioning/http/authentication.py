"""REST framework's view of our authentication."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from scim_provisioning import auth
from scim_provisioning.context import Principal

from .limits import client_address


class ScimAuthentication(BaseAuthentication):
    """Reads the ``Authorization`` header; cookies and tokens in a URL count for nothing."""

    def authenticate(self, request: Request) -> tuple[Any, Principal]:
        """Return the principal twice; raise Unauthorized, Forbidden or TooManyRequests."""
        raw = request._request
        principal = auth.authenticate(raw.META.get("HTTP_AUTHORIZATION"), client_address(raw))
        return principal, principal
