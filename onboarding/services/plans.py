"""What a new user of a source gets, and what is in the way of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT

from onboarding.models import OnboardingConfiguration, OnboardingRevision, Role, Skipped
from onboarding.models.configuration import ALL_SOURCES
from onboarding.models.role import ADMINISTRATOR_RANK
from onboarding.schema import Document

from . import configurations
from .roles import Effective, effective_role

LOWEST = "end-user"
KNOWN = ("id", "document", "administrator_allowed")
NAMED = ("role_id", "role_rank", "lowest_id", "lowest_name")
GONE = "There is no role {asked!r} any more: {given!r} is given."
NOT_ALLOWED = "Nobody allowed that the role {asked!r} makes administrators: {given!r} is given."


@dataclass(frozen=True, slots=True)
class Plan:
    """What a revision does to a new user; warnings say where that is not what it asks for."""

    revision: OnboardingRevision
    document: Document
    role_id: int
    role_name: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen: a plan, or the reason why nothing does."""

    source: str
    plan: Plan | None
    skipped: Skipped | None = None
    kept: Effective | None = None
    """The role that an existing user keeps."""


def plan(source: str = ALL_SOURCES) -> Plan | None:
    """Return the plan of a source by one statement, None where nothing is configured."""
    with connection.cursor() as cursor:
        cursor.execute(*_statement(source, connection.vendor))
        row = cursor.fetchone()
    return _plan(_revision(*row)) if row else None


def plans() -> list[Plan]:
    """Return the plan of every configuration that is enabled, by one statement."""
    newest = OnboardingRevision.objects.filter(configuration=OuterRef("pk")).order_by("-id")
    enabled = OnboardingConfiguration.objects.filter(enabled=True)
    heads = enabled.values_list(Subquery(newest.values("pk")[:1]), flat=True)
    revisions = OnboardingRevision.objects.filter(pk__in=heads).select_related("configuration")
    return [_plan(revision) for revision in _with_roles(revisions)]


@lru_cache(maxsize=256)
def _statement(source: str, vendor: str) -> tuple[str, tuple[Any, ...]]:
    """Return the ORM's SQL for what is in force: compiling it costs more than running it."""
    every = _with_roles(OnboardingRevision.objects.all())
    found = configurations.in_force(source, every).values_list(*KNOWN, *NAMED)
    return found[:1].query.sql_with_params()


def _revision(pk: int, document: str, allowed: bool, *named: Any) -> OnboardingRevision:
    """Return a revision of which only what a plan needs is read, with its roles."""
    values = (pk, json.loads(document), bool(allowed))
    revision = OnboardingRevision.from_db(connection.alias, KNOWN, values)
    revision.__dict__.update(zip(NAMED, named, strict=True))
    return revision


def _with_roles(revisions: QuerySet[OnboardingRevision]) -> QuerySet[Any]:
    """Add the role that each names, as it is now, and the lowest."""
    named = Role.objects.filter(name=OuterRef("role_name"))
    lowest = Role.objects.filter(slug=LOWEST)
    return revisions.annotate(role_name=KT("document__roleName")).annotate(
        role_id=Subquery(named.values("pk")[:1]),
        role_rank=Subquery(named.values("rank")[:1]),
        lowest_id=Subquery(lowest.values("pk")[:1]),
        lowest_name=Subquery(lowest.values("name")[:1]),
    )


def _plan(revision: Any) -> Plan:
    document = Document.of(revision.document)
    if revision.role_id is None:
        return _instead(revision, document, GONE)
    if revision.role_rank >= ADMINISTRATOR_RANK and not revision.administrator_allowed:
        return _instead(revision, document, NOT_ALLOWED)
    return Plan(revision, document, revision.role_id, document.role_name)


def _instead(revision: Any, document: Document, why: str) -> Plan:
    warning = why.format(asked=document.role_name, given=revision.lowest_name)
    return Plan(revision, document, revision.lowest_id, revision.lowest_name, (warning,))


def preview(source: str = ALL_SOURCES, user: Any = None) -> Preview:
    """Tell what would happen to a new user of a source, or to an existing one."""
    if user is not None:
        return Preview(source, None, Skipped.EXISTED, effective_role(user))
    found = plan(source)
    return Preview(source, found, None if found else Skipped.UNCONFIGURED)
