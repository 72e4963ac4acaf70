"""User Onboarding Configurations: published, rolled back, looked up, previewed."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from onboarding import entities, signals
from onboarding.models import OnboardingConfiguration, OnboardingRevision, Role
from onboarding.models.configuration import ALL_SOURCES
from onboarding.schema import Document, InvalidDocument, parse
from onboarding.schema.problems import gettext_noop
from onboarding.schema.reader import read

logger = logging.getLogger(__name__)

NOT_ALLOWED = gettext_noop(
    "the role %(role)s makes administrators of all new users; a person has to allow exactly that"
)


def validate(text: str, *, administrator_allowed: bool = False) -> Document:
    """Return what a text says; raise InvalidDocument with everything that is wrong with it."""
    ranks = {role.name: role for role in Role.objects.all()}
    document = parse(text, roles=list(ranks), kinds=entities.kinds(), check_entity=entities.problem)
    if ranks[document.role_name].is_administrative and not administrator_allowed:
        reading, path = read(text), ("roleName",)
        reading.report(reading.places[path], path, NOT_ALLOWED, role=document.role_name)
        raise InvalidDocument(reading.problems())
    return document


@transaction.atomic
def publish(
    text: str,
    author: Any,
    source: str = ALL_SOURCES,
    *,
    administrator_allowed: bool = False,
    rolled_back_from: OnboardingRevision | None = None,
) -> OnboardingRevision:
    """Put a text in force for a source; raise InvalidDocument with all that is wrong.

    Only with ``administrator_allowed`` may it give a role of Administrator's rank.
    """
    document = validate(text, administrator_allowed=administrator_allowed)
    configuration, _ = OnboardingConfiguration.objects.get_or_create(source=source)
    revision = OnboardingRevision.objects.create(
        configuration=configuration,
        text=text,
        document=document.as_json(),
        author=author,
        rolled_back_from=rolled_back_from,
        administrator_allowed=administrator_allowed and _makes_administrators(document),
    )
    if revision.administrator_allowed:
        logger.warning(
            "User %s allowed that revision %s makes administrators of new users of %r",
            author,
            revision.pk,
            source,
        )
    signals.published.send(sender=OnboardingRevision, revision=revision)
    return revision


def _makes_administrators(document: Document) -> bool:
    return Role.objects.get(name=document.role_name).is_administrative


def rollback(
    revision: OnboardingRevision, author: Any, *, administrator_allowed: bool = False
) -> OnboardingRevision:
    """Put the text of an earlier revision in force again, as a new one; raise as ``publish``."""
    return publish(
        revision.text,
        author,
        revision.configuration.source,
        administrator_allowed=administrator_allowed,
        rolled_back_from=revision,
    )


def history(source: str = ALL_SOURCES) -> QuerySet[OnboardingRevision]:
    """Return the revisions of a source's own configuration, the newest first."""
    revisions = OnboardingRevision.objects.filter(configuration__source=source)
    return revisions.select_related("author", "configuration").order_by("-id")


def current(source: str = ALL_SOURCES) -> OnboardingRevision | None:
    """Return the revision in force for a source: its own, else that of all sources."""
    return in_force(source).select_related("configuration", "author").first()


def in_force(
    source: str, revisions: QuerySet[OnboardingRevision] | None = None
) -> QuerySet[OnboardingRevision]:
    """Return what counts for a source, the revision in force first."""
    every = OnboardingRevision.objects.all() if revisions is None else revisions
    mine = every.filter(
        configuration__enabled=True, configuration__source__in={source, ALL_SOURCES}
    )
    # Any source sorts behind the empty key of all of them.
    return mine.order_by("-configuration__source", "-id")
