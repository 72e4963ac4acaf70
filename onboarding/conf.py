"""The settings of the app: one dict, ``ONBOARDING``, read when used.

The fields of :class:`Settings` are the documentation and the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed

NAME = "ONBOARDING"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installer may set."""

    sources: str | None = None
    """Dotted path to a function without arguments that returns the sources there are, as pairs
    of key and name: what a configuration can be for."""
    admin_base: str = "django.contrib.admin.ModelAdmin"
    """Dotted path to the base of the app's admin classes."""


KNOWN = frozenset(field.name.upper() for field in fields(Settings))


@lru_cache(maxsize=1)
def _read() -> Settings:
    given: dict[str, Any] = getattr(django_settings, NAME, {})
    return Settings(**{key.lower(): value for key, value in given.items() if key in KNOWN})


def current() -> Settings:
    """Return the settings in force."""
    return _read()


def unknown_keys() -> list[str]:
    """Return the keys of the dict that mean nothing, for the system check."""
    return sorted(set(getattr(django_settings, NAME, {})) - KNOWN)


def _forget(*, setting: str, **_: object) -> None:
    if setting == NAME:
        _read.cache_clear()


setting_changed.connect(_forget, dispatch_uid="onboarding.conf")
