"""The mappings in use, by name and by endpoint; settings may name others, and more."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from django.utils.module_loading import import_string

from scim_provisioning import conf

from .mapping import ResourceMapping


def paths() -> tuple[str, ...]:
    """Return the dotted paths of every mapping, in the order of discovery."""
    settings = conf.current()
    return (settings.user_resource, settings.group_resource, *settings.resources)


@lru_cache(maxsize=8)
def _by_name(paths: tuple[str, ...]) -> Mapping[str, ResourceMapping]:
    found: list[ResourceMapping] = [import_string(path) for path in paths]
    return {mapping.declared.name: mapping for mapping in found}


def mapping(name: str) -> ResourceMapping:
    """Return the mapping of a resource type, such as ``User``."""
    return _by_name(paths())[name]


def mappings() -> tuple[ResourceMapping, ...]:
    """Return every mapping, in the order of discovery."""
    return tuple(_by_name(paths()).values())


def at(endpoint: str) -> ResourceMapping | None:
    """Return the mapping of an endpoint, such as ``Users``, None where there is none."""
    path = f"/{endpoint}"
    return next((mapping for mapping in mappings() if mapping.endpoint == path), None)
