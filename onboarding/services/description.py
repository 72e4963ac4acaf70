"""What is known of one user, and what an administrator should look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from onboarding import entities
from onboarding.models import DefaultEntity, MailState, OutboxMail, UserProfile
from onboarding.schema import Document

from .plans import plans
from .roles import Effective, held


@dataclass(frozen=True, slots=True)
class Entity:
    """A default entity, and where it is opened."""

    kind: str
    name: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Description:
    """The facts of a user's page; ``roles`` has the one in effect first."""

    roles: list[Effective]
    profile: UserProfile | None
    pending: list[str]
    mail: OutboxMail | None
    entities: list[Entity]

    @property
    def effective(self) -> Effective | None:
        """The role in effect, and where it comes from."""
        return self.roles[0] if self.roles else None


def describe(user: Any) -> Description:
    """Return what is known of a user, by a constant number of statements."""
    profiles = UserProfile.objects.filter(user=user.pk)
    profile = profiles.select_related(
        "role", "role_given_by", "revision__configuration", "revision__author"
    ).first()
    named = DefaultEntity.objects.filter(user=user.pk)
    mail = OutboxMail.objects.filter(user=user.pk).first()
    return Description(
        roles=held(user, profile),
        profile=profile,
        pending=_pending(profile, mail),
        mail=mail,
        entities=[Entity(e.kind, e.name, entities.url(e.kind, e.name)) for e in named],
    )


def _pending(profile: UserProfile | None, mail: OutboxMail | None) -> list[str]:
    """Return the keys of a configuration whose effect is still to come."""
    if profile is None or profile.revision is None:
        return []
    document = Document.of(profile.revision.document)
    open_states = (MailState.QUEUED, MailState.SENDING, MailState.HANDED_OVER)
    waits = {
        "sendWelcomeMailToUser": profile.mail_wanted
        or (mail is not None and mail.state in open_states),
        "updatePreferences": document.updates_preferences and profile.first_sign_in is None,
        "defaultEntities": bool(document.default_entities) and profile.first_sign_in is None,
    }
    return [key for key, is_open in waits.items() if is_open]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something for an administrator to look at: what, and about which source if one."""

    message: str
    source: str | None = None


def findings() -> list[Finding]:
    """Return what is wrong now, by a constant number of statements."""
    found = [
        Finding(warning, plan.revision.configuration.source)
        for plan in plans()
        for warning in plan.warnings
    ]
    states = OutboxMail.objects.aggregate(
        failed=Count("pk", filter=Q(state=MailState.FAILED)),
        uncertain=Count("pk", filter=Q(state=MailState.UNCERTAIN)),
    )
    if states["failed"]:
        message = _("%(n)s mails were given up; each says why.")
        found.append(Finding(message % {"n": states["failed"]}))
    if states["uncertain"]:
        message = _("%(n)s mails were handed over and never acknowledged; none is sent again.")
        found.append(Finding(message % {"n": states["uncertain"]}))
    return found
