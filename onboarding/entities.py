"""Kinds of entities, and the resolvers that a site has for them."""

from __future__ import annotations

from typing import Protocol

from django.utils.module_loading import import_string

from . import conf


class Resolver(Protocol):
    """What a site knows of one kind of entity; ``ONBOARDING["ENTITY_KINDS"]`` names it."""

    def problem(self, name: str) -> str | None:
        """Tell what is wrong with a name, None where nothing is."""

    def url(self, name: str) -> str | None:
        """Return where the entity is opened, None where it cannot be."""


def kinds() -> tuple[str, ...]:
    """Return the kinds that configurations may name."""
    return tuple(conf.resolvers())


def problem(kind: str, name: str) -> str | None:
    """Tell what is wrong with the name of an entity, None where nothing is."""
    resolver = _resolver(kind)
    return resolver.problem(name) if resolver else None


def url(kind: str, name: str) -> str | None:
    """Return where an entity is opened, None where nobody knows."""
    resolver = _resolver(kind)
    return resolver.url(name) if resolver else None


def _resolver(kind: str) -> Resolver | None:
    path = conf.resolvers().get(kind)
    found: Resolver | None = import_string(path) if path else None
    return found() if isinstance(found, type) else found
