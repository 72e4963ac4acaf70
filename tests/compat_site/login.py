"""How the site lets its SCIM client in before it moves: by the name that a header tells."""

from __future__ import annotations

from tests.compat_site.models import Account


class HeaderMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if name := request.headers.get("X-Account"):
            request.user = Account.objects.get(username=name)
        return self.get_response(request)
