"""System checks: a misconfigured site hears of it at start, by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldError
from django.utils.module_loading import import_string

from . import conf, tasks
from .models import GroupRole

PATHS = ("sources", "preferences", "admin_base")
BACKEND = "onboarding.backends.RoleBackend"


@register(Tags.compatibility)
def check_settings(**_: Any) -> list[CheckMessage]:
    """E001: an unknown key in ONBOARDING; E002: a dotted path that leads nowhere.

    E003: pauses or a lease that are no positive numbers; E007: kinds that are no mapping;
    E008: a lookup that leads to no groups; E009: a site's URL that is none; E010: a name or a
    sender that is no text.
    """
    found = [_unknown_keys(), _broken_paths(), _bad_times(), _bad_kinds(), _bad_lookup()]
    found += [_bad_url(), _bad_texts()]
    return [message for messages in found for message in messages]


def _unknown_keys() -> Iterator[CheckMessage]:
    for key in conf.unknown_keys():
        hint = "The settings are the fields of onboarding.conf.Settings, in upper case."
        yield Error(f"{conf.NAME} has no setting {key}.", hint=hint, id="onboarding.E001")


def _broken_paths() -> Iterator[CheckMessage]:
    named = {repr(name.upper()): getattr(conf.current(), name) for name in PATHS}
    kinds = {} if any(_bad_kinds()) else conf.current().entity_kinds
    named |= {f"'ENTITY_KINDS'][{kind!r}": path for kind, path in kinds.items()}
    for place, path in named.items():
        try:
            path is None or import_string(path)
        except (ImportError, AttributeError) as error:
            hint = "Write it like package.module.NAME, and look for a typing error."
            text = f"{conf.NAME}[{place}] cannot be imported: {error}"
            yield Error(text, hint=hint, id="onboarding.E002")


def _bad_times() -> Iterator[CheckMessage]:
    ours = conf.current()
    for name, times in (("MAIL_PAUSES", ours.mail_pauses), ("MAIL_LEASE", (ours.mail_lease,))):
        if not isinstance(times, tuple | list) or not all(
            isinstance(seconds, int) and seconds > 0 for seconds in times
        ):
            text = f"{conf.NAME}[{name!r}] has to be seconds: whole numbers above zero."
            hint = "MAIL_PAUSES is a tuple of them, MAIL_LEASE is one."
            yield Error(text, hint=hint, id="onboarding.E003")


def _bad_kinds() -> Iterator[CheckMessage]:
    if not isinstance(conf.current().entity_kinds, Mapping):
        text = f"{conf.NAME}['ENTITY_KINDS'] has to map kinds to resolvers."
        hint = 'Write it like {"report": "package.module.RESOLVER"}, or with None for no resolver.'
        yield Error(text, hint=hint, id="onboarding.E007")


def _bad_lookup() -> Iterator[CheckMessage]:
    inner = conf.current().inner_groups
    if inner is None:
        return
    try:
        Group.objects.filter(**{inner: Group(pk=0)})
        for path in GroupRole.ways():
            GroupRole.objects.filter(**{f"{path}__isnull": False})
    except (FieldError, TypeError, ValueError) as error:
        text = f"{conf.NAME}['INNER_GROUPS'] leads to no groups: {error}"
        hint = "With scim_provisioning's nested groups it is scim_below__descendant."
        yield Error(text, hint=hint, id="onboarding.E008")


def _bad_url() -> Iterator[CheckMessage]:
    url = conf.current().site_url
    parts = urlsplit(url) if isinstance(url, str) else None
    if url is None or (parts and parts.scheme in ("http", "https") and parts.netloc):
        return
    text = f"{conf.NAME}['SITE_URL'] is {url!r}, which is no URL."
    hint = "Write it like https://portal.example.com."
    yield Error(text, hint=hint, id="onboarding.E009")


def _bad_texts() -> Iterator[CheckMessage]:
    ours = conf.current()
    for name, given in (("SITE_NAME", ours.site_name), ("MAIL_FROM", ours.mail_from)):
        # Without a sender Django's own is taken.
        if not (isinstance(given, str) and given) and (name, given) != ("MAIL_FROM", None):
            text = f"{conf.NAME}[{name!r}] has to be a text."
            hint = "Leave it out for the default."
            yield Error(text, hint=hint, id="onboarding.E010")


@register(Tags.security)
def check_backend(**_: Any) -> list[CheckMessage]:
    """W004: roles grant nothing."""
    if BACKEND in settings.AUTHENTICATION_BACKENDS:
        return []
    hint = f"Add {BACKEND!r} to AUTHENTICATION_BACKENDS, behind those that sign people in."
    return [Warning("Roles grant no permissions.", hint=hint, id="onboarding.W004")]


@register(Tags.compatibility)
def check_mail(**_: Any) -> list[CheckMessage]:
    """W005: mails cannot link to the site; W006: no tasks API sends them."""
    found: list[CheckMessage] = []
    if conf.current().site_url is None:
        hint = f"Set {conf.NAME}['SITE_URL'], such as https://portal.example.com."
        found.append(Warning("Welcome mails link nowhere.", hint=hint, id="onboarding.W005"))
    if tasks.task is None:
        hint = "Install django-tasks, or let manage.py onboarding_mail send them."
        found.append(Warning("Django's tasks API is missing.", hint=hint, id="onboarding.W006"))
    return found
