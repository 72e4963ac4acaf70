"""System checks of signing in: a portal that nobody could enter hears of it at start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def check_emergency(**_: Any) -> list[CheckMessage]:
    """E001: passwords are off, and nobody is named who may still use one."""
    if settings.PASSWORD_SIGN_IN or settings.EMERGENCY_ADMINISTRATOR:
        return []
    hint = "Name a local superuser in EMERGENCY_ADMINISTRATOR: the way in when a provider fails."
    return [
        Error("PASSWORD_SIGN_IN is off for everyone.", hint=hint, id="kyvos_portal.E001"),
    ]
