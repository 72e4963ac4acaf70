"""What would happen to a user, in the words of a page."""

from __future__ import annotations

from dataclasses import dataclass

from onboarding import entities
from onboarding.schema import Document
from onboarding.services import Effective, Preview
from onboarding.services.description import Entity


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a new user gets, or why nothing happens."""

    role: str = ""
    sends_welcome_mail: bool = False
    updates_preferences: bool = False
    entities: tuple[Entity, ...] = ()
    warnings: tuple[str, ...] = ()
    why_nothing: str = ""
    kept: Effective | None = None


def outcome_of(document: Document, role: str = "", warnings: tuple[str, ...] = ()) -> Outcome:
    """Return what a document does to a new user."""
    pairs = ((kind, name) for kind, names in document.default_entities.items() for name in names)
    return Outcome(
        role=role or document.role_name,
        sends_welcome_mail=document.sends_welcome_mail,
        updates_preferences=document.updates_preferences,
        entities=tuple(Entity(kind, name, entities.url(kind, name)) for kind, name in pairs),
        warnings=warnings,
    )


def outcome_for(preview: Preview) -> Outcome:
    """Return what the configuration in force does."""
    plan = preview.plan
    if plan is not None:
        return outcome_of(plan.document, plan.role_name, plan.warnings)
    why = preview.skipped.label if preview.skipped else ""
    return Outcome(why_nothing=str(why), kept=preview.kept)
