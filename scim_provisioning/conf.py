"""The settings of the app: one dict, ``SCIM_PROVISIONING``, read when used.

The fields of :class:`Settings` are the documentation and the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.db.models import Q
from django.utils.module_loading import import_string

NAME = "SCIM_PROVISIONING"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installer may set."""

    public_url: str | None = None
    """Scheme and host of ``meta.location``, ``https://portal.example.com``; else the request's."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose ``X-Forwarded-For`` counts, such as ``10.0.0.0/8``."""
    open_discovery: bool = False
    """Whether the discovery endpoints answer without credentials."""
    max_body_size: int = 1024 * 1024
    """Bytes of a request body."""
    max_group_body_size: int = 16 * 1024 * 1024
    """Bytes of a body sent to ``/Groups``."""
    max_operations: int = 1000
    """Operations of one PATCH."""
    max_values: int = 500
    """Values of one multi-valued attribute of a user; a group's members are not limited."""
    default_page_size: int = 100
    """Resources of a page when the client names no ``count``."""
    max_page_size: int = 1000
    """Most resources of a page."""
    cursor_timeout: int = 3600
    """Seconds between two pages of a walk by cursor."""
    me: bool = True
    """Whether ``/Me`` is the acting user's own resource; else it answers 501."""
    max_root_results: int | None = None
    """Most matches of a query over all resource types, else 400 ``tooMany``; None: no limit."""
    max_filter_length: int = 10_000
    """Characters of a filter."""
    max_filter_depth: int = 50
    """Nesting of a filter."""
    max_filter_terms: int = 200
    """Comparisons of a filter."""
    max_filter_scans: int = 20
    """Comparisons of a filter that no index answers (``co``, ``ew``, ``ne``, ``not``, ``pr``, most
    attributes): each is made with every resource, or member, so more are 400 ``tooMany``."""
    bulk_max_operations: int = 1000
    """Operations of a Bulk, which ServiceProviderConfig shows; clients read 0 as *no limit*."""
    bulk_max_payload_size: int = 5 * 1024 * 1024
    """Bytes of the body of a Bulk, which ServiceProviderConfig shows."""
    bulk_seconds: float = 25
    """How long a Bulk goes on; what is left then is answered 503 for the client to send again."""
    retry_after: int = 5
    """Seconds in ``Retry-After`` when the database cannot be reached."""
    paused_retry_after: int = 300
    """Seconds in ``Retry-After`` when the connection is paused."""
    brake_people: int | None = 500
    """Most people whom a connection may disable or delete within ``brake_minutes``; one more stops
    it. None: no such limit; 0: no brake. A connection may have its own."""
    brake_percent: int | None = 10
    """The same in percent of the active people that the connection owns."""
    brake_minutes: int = 60
    """How long a person who lost access counts."""
    brake_least: int = 100
    """Connections with fewer active people have no brake."""
    alert_recipients: tuple[str, ...] = ()
    """Mail addresses that are told when a connection was stopped; else those of the people who may
    let it go on, by Django's permissions."""
    password_cache_seconds: int = 300
    """How long a successful password check is remembered by a process."""
    throttle_address: tuple[int, int] = (30, 60)
    """Failed password checks of one address, and the seconds they count for."""
    throttle_user: tuple[int, int] = (5, 300)
    """Failed password checks of one address and user name, and the seconds they count for."""
    token_lifetime_days: int = 365
    """Default life of a personal access token."""
    basic: bool = True
    """Whether HTTP Basic is taken; off, only bearer tokens are."""
    oauth_token_seconds: int = 3600
    """Life of a token of the token endpoint: 3,600 to 21,600, as Entra wants it."""
    client_secret_days: int = 365
    """Default life of a client secret: 365 to 1,095."""
    last_used_seconds: int = 300
    """How often the last use of a credential and a connection is written at most."""
    counter_flush_seconds: int = 10
    """How often a process writes its counts of reads and of anonymous refusals."""
    ledger_retention_days: int = 400
    """Age at which ``purge_ledger`` removes events."""
    exchange_body_size: int = 64 * 1024
    """Bytes of a body that a recorded exchange keeps; a larger one is left out."""
    exchange_total_size: int = 50 * 1024 * 1024
    """Bytes of a connection's recorded exchanges: at that its recording stands still."""
    exchange_retention_days: int = 7
    """Age at which ``purge_ledger`` removes recorded exchanges."""
    preview_size: int = 20 * 1024 * 1024
    """Bytes of an export that an import preview reads."""
    preview_people: int = 200_000
    """People of an import preview."""
    preview_seconds: float = 20
    """How long one request compares people with accounts, or decides; the next goes on."""
    preview_retention_days: int = 30
    """Age at which ``purge_ledger`` removes people of import previews who are undecided, or whose
    decision is carried out."""
    encryption_keys: tuple[str, ...] = ()
    """Fernet keys of the secrets that are kept: the first encrypts, all decrypt."""
    allow_local_issuers: bool = False
    """Whether issuers and metadata may be http, or on loopback and private addresses: for tests."""
    user_resource: str = "scim_provisioning.resources.user.USER"
    """Dotted path to the ``ResourceMapping`` of users."""
    group_resource: str = "scim_provisioning.resources.group.GROUP"
    """Dotted path to the ``ResourceMapping`` of groups."""
    privileged_users: str | None = None
    """Dotted path to a function that returns a ``Q``: accounts with a privilege of another kind
    than Django's permissions."""
    privileged_groups: str | None = None
    """The same of groups."""
    resources: tuple[str, ...] = ()
    """Dotted paths to the ``ResourceMapping`` of further resource types."""
    nested_groups: bool = False
    """Whether groups may be members of groups; ``NestedGroupsBackend`` gives their permissions."""
    nested_groups_depth: int = 10
    """How deep groups are nested at most."""
    custom_schema: str = "urn:ietf:params:scim:schemas:extension:custom:2.0"
    """The URN of the attributes that administrators declare, without the resource type."""
    findings: tuple[str, ...] = ()
    """Dotted paths to functions that return more ``health.Problem`` for the overview."""
    saml_values: str | None = None
    """Dotted path to a function of the request that returns what a SAML app of an identity
    provider has to be told: pairs of its field and the value."""
    metrics: bool = True
    """Whether requests are counted for Prometheus, where its client is installed."""
    metrics_token: str | None = None
    """The bearer token of ``/metrics``; without one only the machine itself may ask."""
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


def condition(path: str | None) -> Q:
    """Return what the function at a dotted path returns; without a path what nobody meets."""
    found: Q = import_string(path)() if path else Q(pk__in=())
    return found


def unknown_keys() -> list[str]:
    """Return the keys of the dict that mean nothing, for the system check."""
    return sorted(set(getattr(django_settings, NAME, {})) - KNOWN)


def wrong_values() -> dict[str, str]:
    """Return the settings whose value is of another type than it has to be, and that type."""
    given, hints = current(), get_type_hints(Settings)
    return {
        name.upper(): str(getattr(hint, "__name__", hint))
        for name, hint in hints.items()
        if not _fits(getattr(given, name), hint)
    }


def _fits(value: Any, hint: Any) -> bool:
    if isinstance(hint, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if hint in (int, float):
        numbers = int if hint is int else (int, float)
        return isinstance(value, numbers) and not isinstance(value, bool) and value >= 0
    if get_origin(hint) is tuple:
        first, *rest = get_args(hint)
        sized = rest == [...] or (isinstance(value, tuple | list) and len(value) == 1 + len(rest))
        return isinstance(value, tuple | list) and sized and all(_fits(v, first) for v in value)
    return isinstance(value, hint)


def _forget(*, setting: str, **_: object) -> None:
    if setting == NAME:
        _read.cache_clear()


setting_changed.connect(_forget, dispatch_uid="scim_provisioning.conf")
