"""The settings of the app: one dict, ``ONBOARDING``, read when used.

The fields of :class:`Settings` are the documentation and the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

NAME = "ONBOARDING"
STOCK_KINDS = ("folder", "semanticModel", "workbook", "dashboard")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installer may set."""

    entity_kinds: Mapping[str, str | None] = field(default_factory=dict)
    """Kinds of entities besides the stock ones, or a resolver for one of those: the dotted path
    to an :class:`onboarding.entities.Resolver`, None for a kind whose names nobody checks."""
    preferences: str | None = None
    """Dotted path to a function that takes a user and returns what is known of ``locale``,
    ``timezone`` and ``preferred_language``."""
    sources: str | None = None
    """Dotted path to a function without arguments that returns the sources there are, as pairs
    of key and name: what a configuration can be for."""
    inner_groups: str | None = None
    """Lookup from a group to the groups within it, whose people have its role as well; by default
    groups hold people only."""
    site_url: str | None = None
    """Scheme and host of links in mails, ``https://portal.example.com``."""
    site_name: str = "Portal"
    """What mails call the site."""
    mail_from: str | None = None
    """The sender of mails; by default Django's ``DEFAULT_FROM_EMAIL``."""
    mail_pauses: tuple[int, ...] = (30, 120, 600, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
    """Seconds from each failed attempt to the next; after the last the mail is given up."""
    mail_lease: int = 30
    """Seconds after which an attempt of which nothing is heard counts as dead."""
    admin_base: str = "django.contrib.admin.ModelAdmin"
    """Dotted path to the base of the app's admin classes."""


KNOWN = frozenset(one.name.upper() for one in fields(Settings))


@lru_cache(maxsize=1)
def _read() -> Settings:
    given: dict[str, Any] = getattr(django_settings, NAME, {})
    return Settings(**{key.lower(): value for key, value in given.items() if key in KNOWN})


def current() -> Settings:
    """Return the settings in force."""
    return _read()


def resolvers() -> dict[str, str | None]:
    """Return every kind of entity with the dotted path of its resolver, if it has one."""
    return {**dict.fromkeys(STOCK_KINDS), **current().entity_kinds}


def sources() -> dict[str, str]:
    """Return the keys of the sources that the site knows, with their names."""
    path = current().sources
    return dict(import_string(path)()) if path else {}


def unknown_keys() -> list[str]:
    """Return the keys of the dict that mean nothing, for the system check."""
    return sorted(set(getattr(django_settings, NAME, {})) - KNOWN)


def _forget(*, setting: str, **_: object) -> None:
    if setting == NAME:
        _read.cache_clear()


setting_changed.connect(_forget, dispatch_uid="onboarding.conf")
