"""What the pages below a connection's own share: their addresses, and the way to them and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from scim_provisioning.models import Connection

from .base import Page

PageBelow = tuple[str, Callable[..., HttpResponseBase], str]
"""A route, its view, and the page's name."""


class PagesBelow(Page):
    """Pages of one connection, in folders below its own page."""

    def pages_below(self, folder: str, pages: Iterable[PageBelow]) -> list[URLPattern]:
        """Return the URLs of a folder's pages."""
        return [
            path(f"<int:pk>/{folder}/{route}", self.admin_site.admin_view(page), name=_name(name))
            for route, page, name in pages
        ]

    def page_url(self, page: str, connection: Connection, *keys: Any) -> str:
        """Return where a page of a connection is."""
        return reverse(f"{self.admin_site.name}:{_name(page)}", args=[connection.pk, *keys])

    def page_link(self, page: str, connection: Connection, text: str) -> str:
        """Return the way to a page of a connection; one that is being added has none yet."""
        if connection.pk is None:
            return "-"
        return format_html('<a href="{}">{}</a>', self.page_url(page, connection), text)

    def redirect_to(self, page: str, connection: Connection, *keys: Any) -> HttpResponseRedirect:
        """Return the answer that leads to a page of a connection."""
        return HttpResponseRedirect(self.page_url(page, connection, *keys))

    def trail(self, connection: Connection, *between: tuple[str, str]) -> list[tuple[str, str]]:
        """Return the way to a page: the connection's own, and those between, by title and name."""
        pages = [(str(connection), "change"), *between]
        return [(title, self.page_url(page, connection)) for title, page in pages]

    def opened(
        self, request: HttpRequest, pk: int, may: Callable[[HttpRequest, Connection], bool]
    ) -> Connection:
        """Return the connection of a page, for a person who may open that."""
        rows = Connection.objects.select_related("acting_user")
        connection = get_object_or_404(rows, pk=pk)
        if not may(request, connection):
            raise PermissionDenied
        return connection


def _name(page: str) -> str:
    return f"scim_provisioning_connection_{page}"
