"""The mappings in use, by name and by endpoint; settings may name others, and more.

They include what administrators declared, as the process knows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from django.utils.module_loading import import_string

from scim_provisioning import conf

from . import custom
from .extensions import extended
from .mapping import ResourceMapping
from .nesting import with_nesting


def paths() -> tuple[str, ...]:
    """Return the dotted paths of every mapping, in the order of discovery."""
    settings = conf.current()
    return (settings.user_resource, settings.group_resource, *settings.resources)


@lru_cache(maxsize=8)
def _by_name(
    paths: tuple[str, ...], nested: bool, declared: custom.Declared
) -> Mapping[str, ResourceMapping]:
    found: list[ResourceMapping] = [import_string(path) for path in paths]
    if nested:
        found = [with_nesting(mapping) for mapping in found]
    return {mapping.declared.name: _with_custom(mapping, declared) for mapping in found}


def _with_custom(mapping: ResourceMapping, declared: custom.Declared) -> ResourceMapping:
    schema = declared.schemas.get(mapping.declared.name)
    return extended(mapping, schema) if schema else mapping


def _current() -> Mapping[str, ResourceMapping]:
    return _by_name(paths(), conf.current().nested_groups, custom.known())


def mapping(name: str) -> ResourceMapping:
    """Return the mapping of a resource type, such as ``User``."""
    return _current()[name]


def mappings() -> tuple[ResourceMapping, ...]:
    """Return every mapping, in the order of discovery."""
    return tuple(_current().values())


def at(endpoint: str) -> ResourceMapping | None:
    """Return the mapping of an endpoint, such as ``Users``, None where there is none."""
    path = f"/{endpoint}"
    return next((mapping for mapping in mappings() if mapping.endpoint == path), None)
