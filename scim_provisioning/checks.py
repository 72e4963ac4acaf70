"""System checks: a misconfigured site hears of it at start, by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldDoesNotExist
from django.db import DEFAULT_DB_ALIAS, connections
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from . import conf, encryption
from .auth import portal_tokens
from .resources import registry

MIDDLEWARE = "scim_provisioning.http.middleware.ScimMiddleware"
PATHS = ("user_resource", "group_resource", "admin_base")
NESTED = "scim_provisioning.backends.NestedGroupsBackend"
PATH_LISTS = ("resources", "findings")
OPTIONAL_PATHS = ("privileged_users", "privileged_groups", "saml_values")
DATABASES = ("postgresql", "sqlite")
LIFETIMES = {"oauth_token_seconds": (3600, 21_600), "client_secret_days": (365, 1095)}
BRAKE = {
    "brake_people": (0, 10_000_000),
    "brake_percent": (1, 100),
    "brake_minutes": (1, 7 * 24 * 60),
    "brake_least": (1, 10_000_000),
}
NOT_ZERO = (
    *("max_body_size", "max_group_body_size", "max_operations", "max_values"),
    *("default_page_size", "max_page_size", "cursor_timeout"),
    *("max_filter_length", "max_filter_depth", "max_filter_terms", "nested_groups_depth"),
    *("bulk_max_operations", "bulk_max_payload_size", "bulk_seconds"),
    *("throttle_address", "throttle_user", "token_lifetime_days", "ledger_retention_days"),
)
"""Limits that would let nothing through."""
GATES = tuple(
    f"COMPLIANT_BCP_RFC9700_{name}" for name in ("ACCESS_TOKEN_TRANSPORT", "TOKEN_STORAGE")
)
ANSWERING = frozenset(
    f"django.{name}"
    for name in (
        "contrib.auth.middleware.LoginRequiredMiddleware",
        "middleware.cache.FetchFromCacheMiddleware",
        "middleware.common.CommonMiddleware",
        "middleware.csrf.CsrfViewMiddleware",
        "middleware.locale.LocaleMiddleware",
        "middleware.security.SecurityMiddleware",
    )
)
"""Django's middleware that may answer in place of a view."""


@register(Tags.compatibility)
def check_settings(**_: Any) -> list[CheckMessage]:
    """E001: an unknown key in SCIM_PROVISIONING; E002: a dotted path that leads nowhere.

    E009: a trusted proxy that is no network; E010: an encryption key that is none; E011: a
    value of another type; E012: a public URL that is none.
    """
    if wrong := list(_wrong_values()):
        return [*_unknown_keys(), *wrong]
    return [*_unknown_keys(), *_broken_paths(), *_bad_proxies(), *_bad_keys(), *_bad_url()]


def _wrong_values() -> Iterator[CheckMessage]:
    for name, wanted in conf.wrong_values().items():
        yield Error(
            f"{conf.NAME}[{name!r}] has to be: {wanted}.",
            hint="scim_provisioning.conf.Settings says what it means. Numbers are not negative.",
            id="scim_provisioning.E011",
        )


def _bad_url() -> Iterator[CheckMessage]:
    url = conf.current().public_url
    parts = urlsplit(url or "https://none")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        yield Error(
            f"{conf.NAME}['PUBLIC_URL'] is {url!r}, which is no URL.",
            hint="Write it like https://portal.example.com.",
            id="scim_provisioning.E012",
        )


def _unknown_keys() -> Iterator[CheckMessage]:
    for key in conf.unknown_keys():
        yield Error(
            f"{conf.NAME} has no setting {key}.",
            hint="The settings are the fields of scim_provisioning.conf.Settings, in upper case.",
            id="scim_provisioning.E001",
        )


def _broken_paths() -> Iterator[CheckMessage]:
    current = conf.current()
    given = [name for name in OPTIONAL_PATHS if getattr(current, name) is not None]
    named = [(name, getattr(current, name)) for name in (*PATHS, *given)]
    lists = [(name, path) for name in PATH_LISTS for path in getattr(current, name)]
    for name, path in [*named, *lists]:
        try:
            import_string(path)
        except (ImportError, AttributeError) as error:
            yield Error(
                f"{conf.NAME}[{name.upper()!r}] cannot be imported: {error}",
                hint="Write it like package.module.NAME, and look for a typing error.",
                id="scim_provisioning.E002",
            )


def _bad_proxies() -> Iterator[CheckMessage]:
    for text in conf.current().trusted_proxies:
        try:
            ip_network(text, strict=False)
        except ValueError:
            yield Error(
                f"{conf.NAME}['TRUSTED_PROXIES'] holds {text!r}, which is no network.",
                hint="Write it like 10.0.0.0/8.",
                id="scim_provisioning.E009",
            )


def _bad_keys() -> Iterator[CheckMessage]:
    if found := encryption.problem(tuple(conf.current().encryption_keys)):
        hint = "Make one with cryptography.fernet.Fernet.generate_key()."
        yield Error(f"{encryption.SETTING}: {found}.", hint=hint, id="scim_provisioning.E010")


RESERVED = ("/Bulk", "/Me", "/ResourceTypes", "/Schemas", "/ServiceProviderConfig", "/.search")
"""Endpoints that RFC 7644 section 3.2 gives to something else."""


@register(Tags.compatibility)
def check_resources(**_: Any) -> list[CheckMessage]:
    """E020: two resource types share a name, an endpoint or a schema, or take a reserved one."""
    if conf.wrong_values() or any(_broken_paths()):
        return []
    types = [import_string(path).declared for path in registry.paths()]
    facts = [(t.name, t.endpoint, t.schema.id) for t in types]
    doubled = [fact for column in zip(*facts, strict=True) for fact in _doubled(column)]
    reserved = [t.endpoint for t in types if t.endpoint in RESERVED or t.endpoint.count("/") != 1]
    return [
        Error(
            f"{fact!r} is another resource type's name, endpoint or schema, or reserved.",
            hint=f"Each mapping in {conf.NAME}['RESOURCES'] needs its own, /Devices for instance.",
            id="scim_provisioning.E020",
        )
        for fact in (*doubled, *reserved)
    ]


def _doubled(column: tuple[str, ...]) -> list[str]:
    return sorted({fact for fact in column if column.count(fact) > 1})


@register(Tags.compatibility)
def check_middleware(**_: Any) -> list[CheckMessage]:
    """E003: the middleware is missing; W004: it is not the first that answers."""
    installed = list(settings.MIDDLEWARE)
    if MIDDLEWARE not in installed:
        hint = f"Add {MIDDLEWARE!r} first: without it, errors of other layers are not SCIM."
        return [Error("The SCIM middleware is missing.", hint=hint, id="scim_provisioning.E003")]
    if ANSWERING.intersection(installed[: installed.index(MIDDLEWARE)]):
        hint = "Put it first in MIDDLEWARE: it cannot translate the answers of those before it."
        return [Warning("The SCIM middleware comes late.", hint=hint, id="scim_provisioning.W004")]
    return []


@register(Tags.urls)
def check_urls(**_: Any) -> list[CheckMessage]:
    """W005: the URLs are not included."""
    try:
        reverse("scim:root")
    except NoReverseMatch:
        hint = 'Add path("rest/scim/v2/", include("scim_provisioning.urls")) to the site\'s URLs.'
        return [Warning("No URL leads to SCIM.", hint=hint, id="scim_provisioning.W005")]
    return []


@register(Tags.models)
def check_user_model(**_: Any) -> list[CheckMessage]:
    """E006: the user model has no groups."""
    try:
        get_user_model()._meta.get_field("groups")
    except FieldDoesNotExist:
        hint = "Inherit from django.contrib.auth.models.PermissionsMixin."
        return [Error("The user model has no groups.", hint=hint, id="scim_provisioning.E006")]
    return []


@register(Tags.compatibility)
def check_rest_framework(**_: Any) -> list[CheckMessage]:
    """W007: REST framework is not among the installed apps."""
    if apps.is_installed("rest_framework"):
        return []
    hint = "Add 'rest_framework' to INSTALLED_APPS, for its translations."
    return [
        Warning(
            "REST framework is not installed as an app.", hint=hint, id="scim_provisioning.W007"
        )
    ]


@register(Tags.compatibility)
def check_databases(**_: Any) -> list[CheckMessage]:
    """W008: a database wraps every request in a transaction; E050: one that is not supported."""
    return [*_wrapping(), *_unsupported()]


def _wrapping() -> Iterator[CheckMessage]:
    hint = (
        "SCIM's views leave it out on the default database and open their own transactions; on any"
        " other it costs each request. Set it to False and decorate the views that need it."
    )
    for alias in connections:
        if connections[alias].settings_dict["ATOMIC_REQUESTS"]:
            text = f"ATOMIC_REQUESTS is on for {alias!r}."
            yield Warning(text, hint=hint, id="scim_provisioning.W008")


def _unsupported() -> Iterator[CheckMessage]:
    vendor = connections[DEFAULT_DB_ALIAS].vendor
    if vendor not in DATABASES:
        yield Error(
            f"SCIM's data cannot be kept in {vendor}.",
            hint="Use PostgreSQL or SQLite; docs/operation.md says what others do not hold.",
            id="scim_provisioning.E050",
        )


@register(Tags.security)
def check_token_endpoint(**_: Any) -> list[CheckMessage]:
    """E030: a lifetime out of bounds; E031: the toolkit takes tokens in URLs or stores them."""
    hint = "Identity providers refresh tokens and secrets that last about so long."
    return [*_beyond(LIFETIMES, hint, "scim_provisioning.E030"), *_open_gates()]


def _beyond(bounds: Mapping[str, tuple[int, int]], hint: str, id: str) -> Iterator[CheckMessage]:
    """Yield settings beyond their bounds; E011 is for values of another type."""
    for name, (least, most) in bounds.items():
        value = getattr(conf.current(), name)
        if isinstance(value, int) and not least <= value <= most:
            text = f"{conf.NAME}[{name.upper()!r}] has to be {least} to {most}."
            yield Error(text, hint=hint, id=id)


def _open_gates() -> Iterator[CheckMessage]:
    if not portal_tokens.is_installed():
        return
    given = getattr(settings, "OAUTH2_PROVIDER", {})
    for gate in GATES:
        if given.get(gate) is not True:
            yield Error(
                f"OAUTH2_PROVIDER[{gate!r}] is not on.",
                hint="Set it to True: tokens do not belong into URLs, nor into tables in clear.",
                id="scim_provisioning.E031",
            )


@register(Tags.compatibility)
def check_nested_groups(**_: Any) -> list[CheckMessage]:
    """W040: groups are nested, and nothing gives people the permissions of outer groups."""
    if not conf.current().nested_groups or NESTED in settings.AUTHENTICATION_BACKENDS:
        return []
    hint = f"Add {NESTED!r} to AUTHENTICATION_BACKENDS, or silence this if they should not."
    text = "Nested groups pass on no permissions of the groups that hold them."
    return [Warning(text, hint=hint, id="scim_provisioning.W040")]


@register(Tags.compatibility)
def check_brake(**_: Any) -> list[CheckMessage]:
    """E051: a limit of the brake that is none."""
    hint = "BRAKE_PEOPLE = 0 means no brake; None for it or BRAKE_PERCENT, no such limit."
    return list(_beyond(BRAKE, hint, "scim_provisioning.E051"))


@register(Tags.compatibility)
def check_limits(**_: Any) -> list[CheckMessage]:
    """E052: a limit of 0; W053: a usual page that is larger than the largest."""
    if conf.wrong_values():
        return []
    return [*_zeros(), *_large_page()]


def _zeros() -> Iterator[CheckMessage]:
    for name in NOT_ZERO:
        value = getattr(conf.current(), name)
        if 0 in (value if isinstance(value, tuple | list) else [value]):
            yield Error(
                f"{conf.NAME}[{name.upper()!r}] is 0, which lets nothing through.",
                hint="Leave it out for the default; 0 does not mean that there is no limit.",
                id="scim_provisioning.E052",
            )


def _large_page() -> Iterator[CheckMessage]:
    current = conf.current()
    if current.default_page_size > current.max_page_size > 0:
        yield Warning(
            f"{conf.NAME}['DEFAULT_PAGE_SIZE'] is larger than MAX_PAGE_SIZE.",
            hint="Clients that name no count would be promised more than they get.",
            id="scim_provisioning.W053",
        )
