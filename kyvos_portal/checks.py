"""System checks of the portal's own settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.http.request import validate_host

from .environment import host_of


@register(Tags.security)
def check_public_host(**_: Any) -> list[CheckMessage]:
    """W003: who comes by the public URL is refused for its host."""
    host = host_of(settings.PUBLIC_URL)
    if host is None or validate_host(host, settings.ALLOWED_HOSTS):
        return []
    text = f"ALLOWED_HOSTS does not hold the host of PUBLIC_URL, {host}."
    hint = "Add it, or silence this where the proxy passes another Host on."
    return [Warning(text, hint=hint, id="kyvos_portal.W003")]
