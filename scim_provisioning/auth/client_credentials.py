"""Tokens of external issuers: who sends one, and why one is refused."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from scim_provisioning import conf
from scim_provisioning.context import Principal
from scim_provisioning.models import OIDCApplication, SignInClass
from scim_provisioning.protocol.errors import Unauthorized, Unavailable

from .compact import NotYetValid, Refused
from .principals import principal
from .token_checks import CHECKS, Presented

logger = logging.getLogger(__name__)


def is_jwt(token: str) -> bool:
    """Whether a bearer token has the three parts of a JWT."""
    return token.count(".") == 2


def check(token: str) -> Principal:
    """Return the principal of a token; raise Unauthorized, or Unavailable without keys."""
    presented = Presented(token)
    for each in CHECKS:
        try:
            each.ask(presented)
        except Refused as refusal:
            if isinstance(refusal, NotYetValid):
                _note_skew(presented)
            name = presented.found.name if presented.found else "no application"
            logger.info("A token of %s was refused: %s", name, each.ask.__name__)
            raise Unauthorized from None
    return acts_as(presented)


def _note_skew(presented: Presented) -> None:
    """Note that an issuer's clock is ahead of ours; its signature has been checked by then."""
    if presented.found is not None:
        rows = OIDCApplication.objects.filter(pk=presented.found.pk)
        due = timezone.now() - timedelta(seconds=conf.current().last_used_seconds)
        rows.filter(Q(skewed=None) | Q(skewed__lt=due)).update(skewed=timezone.now())


def acts_as(presented: Presented) -> Principal:
    """Return who a token that passed every check acts as; raise Forbidden without connection."""
    found = presented.found
    assert found is not None
    return principal(
        found.user_id,
        found.username,
        "oidc",
        f"application:{found.pk}",
        presented.rights,
        found.connection,
        found.last_used,
        SignInClass.OAUTH,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One check: passed, failed with a reason and a fix, or not asked (None)."""

    title: Any
    passed: bool | None
    reason: str = ""
    fix: str = ""


def explain(token: str) -> list[Step]:
    """Ask a token every question that can be asked; nothing of it is kept or logged."""
    presented, steps, stopped = Presented(token), [], False
    for each in CHECKS:
        if stopped:
            steps.append(Step(each.title, None))
            continue
        try:
            each.ask(presented)
        except Refused as refusal:
            steps.append(Step(each.title, False, refusal.reason, str(refusal.fix)))
            stopped = each.needed
        except Unavailable as problem:
            fix = _("Test the connection of the application: it tells what is wrong.")
            steps.append(Step(each.title, False, problem.detail, fix))
        else:
            steps.append(Step(each.title, True))
    return [*steps, _connection(presented)]


def _connection(presented: Presented) -> Step:
    title, found = _("Connection"), presented.found
    if found is None:
        return Step(title, None)
    if found.connection[0] is not None:
        return Step(title, True)
    return Step(
        title,
        False,
        _("No connection acts as %(name)s.") % {"name": found.username},
        _("Choose the acting user of a connection as the mapped user."),
    )
