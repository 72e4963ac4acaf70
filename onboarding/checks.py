"""System checks: a misconfigured site hears of it at start, by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import import_string

from . import conf

PATHS = ("sources", "admin_base")


@register(Tags.compatibility)
def check_settings(**_: Any) -> list[CheckMessage]:
    """E001: an unknown key in ONBOARDING; E002: a dotted path that leads nowhere."""
    return [*_unknown_keys(), *_broken_paths()]


def _unknown_keys() -> Iterator[CheckMessage]:
    for key in conf.unknown_keys():
        hint = "The settings are the fields of onboarding.conf.Settings, in upper case."
        yield Error(f"{conf.NAME} has no setting {key}.", hint=hint, id="onboarding.E001")


def _broken_paths() -> Iterator[CheckMessage]:
    for name in PATHS:
        path = getattr(conf.current(), name)
        try:
            path is None or import_string(path)
        except ImportError as error:
            text = f"{conf.NAME}[{name.upper()!r}] cannot be imported: {error}"
            yield Error(text, id="onboarding.E002")
