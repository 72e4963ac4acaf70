"""The mappings in use, by resource type; settings may name others."""

from __future__ import annotations

from functools import lru_cache

from django.utils.module_loading import import_string

from scim_provisioning import conf

from .mapping import ResourceMapping


@lru_cache(maxsize=8)
def _load(path: str) -> ResourceMapping:
    mapping: ResourceMapping = import_string(path)
    return mapping


def mapping(name: str) -> ResourceMapping:
    """Return the mapping of ``User`` or ``Group``."""
    settings = conf.current()
    return _load(settings.user_resource if name == "User" else settings.group_resource)


def mappings() -> tuple[ResourceMapping, ...]:
    """Return every mapping, in the order of discovery."""
    return mapping("User"), mapping("Group")
