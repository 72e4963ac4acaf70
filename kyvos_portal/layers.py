"""Django's layers for people, left out where identity providers ask.

SCIM has no cookies, messages or languages: what serves pages would only cost its requests time.
"""

from __future__ import annotations

from typing import Any

from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils.deprecation import MiddlewareMixin
from djangosaml2.middleware import SamlSessionMiddleware


class ForPages(MiddlewareMixin):
    """Passes SCIM's requests on as they are."""

    def __call__(self, request: HttpRequest) -> Any:
        """Answer a request, by itself where it is for a page."""
        if getattr(request, "is_scim", False):
            return self.get_response(request)
        return super().__call__(request)


class Sessions(ForPages, SessionMiddleware):
    """Sessions of pages."""


class Languages(ForPages, LocaleMiddleware):
    """The language of pages."""


class SamlSessions(ForPages, SamlSessionMiddleware):  # type: ignore[misc]  # it has no types
    """What an identity provider's sign-in remembers."""


class Messages(ForPages, MessageMiddleware):
    """What the next page tells."""
