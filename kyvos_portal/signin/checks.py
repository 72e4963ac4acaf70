"""System checks of signing in: a portal that nobody could enter hears of it at start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register

from .saml.program import xmlsec1


@register(Tags.security)
def check_emergency(**_: Any) -> list[CheckMessage]:
    """E001: passwords are off, and nobody is named who may still use one."""
    if settings.PASSWORD_SIGN_IN or settings.EMERGENCY_ADMINISTRATOR:
        return []
    hint = "Name a local superuser in EMERGENCY_ADMINISTRATOR: the way in when a provider fails."
    return [
        Error("PASSWORD_SIGN_IN is off for everyone.", hint=hint, id="kyvos_portal.E001"),
    ]


@register(Tags.compatibility)
def check_xmlsec1(**_: Any) -> list[CheckMessage]:
    """I002: the program that checks SAML's signatures is missing, so SAML is off."""
    if xmlsec1() is not None:
        return []
    hint = "Install it where SAML is wanted. On Debian or Ubuntu: apt install xmlsec1"
    return [Info("xmlsec1 is missing: SAML is off.", hint=hint, id="kyvos_portal.I002")]
