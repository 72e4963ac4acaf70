"""First Login Actions applied: what happens at provisioning, and what at the first sign-in."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from onboarding import entities, signals, tasks
from onboarding.models import (
    DefaultEntity,
    MailState,
    Origin,
    OutboxMail,
    Skipped,
    UserProfile,
)
from onboarding.models.configuration import ALL_SOURCES
from onboarding.preferences import preferences
from onboarding.schema import Document

from .inserting import insert_missing
from .plans import Plan, plan

logger = logging.getLogger(__name__)

NO_ADDRESS = "The account has no e-mail address: no welcome mail is sent."
TOLD = {
    True: "What provisioned the account asked for a welcome mail.",
    False: "What provisioned the account asked for no welcome mail.",
}


@transaction.atomic(savepoint=False)
def onboard(
    user: Any,
    source: str = ALL_SOURCES,
    *,
    existed: bool = False,
    welcome_mail: bool | None = None,
) -> UserProfile:
    """Apply what is configured for a source to a new user, once, and record it.

    To be called in the transaction that makes the user. ``existed``: the account was there
    before and was only linked; nothing is applied, and that is recorded. ``welcome_mail``: what
    the source says of this one's mail, where it does not leave that to the configuration.
    """
    profile = UserProfile(user=user, source=source)
    if existed:
        profile.skipped = Skipped.EXISTED
    elif (found := plan(source)) is None:
        profile.skipped = Skipped.UNCONFIGURED
    else:
        _apply(profile, found)
        _want_mail(profile, found.document.sends_welcome_mail, told=welcome_mail)
        _log(profile)
    profile = _add(profile)
    signals.onboarded.send(sender=UserProfile, user=user, source=source, profile=profile)
    if profile.mail_wanted:
        transaction.on_commit(partial(tasks.send_welcome, user.pk), robust=True)
    return profile


def _apply(profile: UserProfile, found: Plan) -> None:
    now = timezone.now()
    profile.revision, profile.onboarded = found.revision, now
    profile.role_id, profile.role_origin = found.role_id, Origin.CONFIGURATION
    profile.role_given = now
    profile.warnings = list(found.warnings)


def _want_mail(profile: UserProfile, configured: bool, *, told: bool | None) -> None:
    """Decide on the welcome mail; the profile's warnings say where it is not as configured."""
    wanted = configured if told is None else told
    if wanted != configured:
        profile.warnings.append(TOLD[wanted])
    profile.mail_wanted = wanted and bool(address_of(profile.user))
    if wanted and not profile.mail_wanted:
        profile.warnings.append(NO_ADDRESS)


def _log(profile: UserProfile) -> None:
    for warning in profile.warnings:
        logger.warning("Onboarding of user %s: %s", profile.user_id, warning)


def address_of(user: Any) -> str:
    """Return the e-mail address of an account, empty where it has none."""
    return getattr(user, user.get_email_field_name(), "") or ""


def _add(profile: UserProfile) -> UserProfile:
    """Write a new profile; where there is one, fill in what nobody decided before."""
    if insert_missing(profile):
        return profile
    there = UserProfile.objects.select_for_update().get(user=profile.user_id)
    return _merge(there, profile)


def _merge(there: UserProfile, profile: UserProfile) -> UserProfile:
    if there.onboarded or there.skipped:
        return there
    if there.role_id is not None:
        # A person, or other code, gave one before.
        names = ("role_id", "role_origin", "role_given_by_id", "role_given")
        for name in names:
            setattr(profile, name, getattr(there, name))
    profile.pk = there.pk
    profile.save(force_update=True)
    return profile


@transaction.atomic
def first_sign_in(user: Any) -> bool:
    """Apply what waits for the person's first sign-in; return whether there was something."""
    waiting = UserProfile.objects.filter(
        user=user.pk, onboarded__isnull=False, first_sign_in__isnull=True
    )
    profile = waiting.select_related("revision").first()
    if profile is None or profile.revision is None:
        return False
    document = Document.of(profile.revision.document)
    values = preferences(user) if document.updates_preferences else {}
    if not waiting.update(first_sign_in=timezone.now(), **values):
        # Another sign-in of the same moment did it.
        return False
    _add_entities(user, document)
    profile.refresh_from_db()
    signals.first_signed_in.send(sender=UserProfile, user=user, profile=profile)
    return True


def _add_entities(user: Any, document: Document) -> None:
    # In the order of the kinds: a JSON column keeps none.
    named = document.default_entities
    pairs = [(kind, name) for kind in entities.kinds() for name in named.get(kind, ())]
    DefaultEntity.objects.bulk_create(
        [
            DefaultEntity(user=user, kind=kind, name=name, position=position)
            for position, (kind, name) in enumerate(pairs)
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def offboard(user_id: Any) -> None:
    """Take the role and what waits from a user whose account is taken out of use."""
    UserProfile.objects.filter(user=user_id).update(
        role=None, role_origin="", role_given_by=None, role_given=None, mail_wanted=False
    )
    OutboxMail.objects.filter(user=user_id, state=MailState.QUEUED).update(
        state=MailState.FAILED, error="The account was taken out of use."
    )
    DefaultEntity.objects.filter(user=user_id).delete()
