"""From what an identity provider says of a person to the account that it stands for.

The first sign-in matches a claim that an administrator chose with the ``userName`` or
``externalId`` of an account; from then on only the stored identity counts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from onboarding import services
from scim_provisioning.directory.ownership import draft, record
from scim_provisioning.models import ExternalId, FindingKind, ScimUser
from scim_provisioning.protocol.fold import fold

from .events import Refused
from .models import Identity
from .rule import Origin, Reason, Way, judge

MOST = 500
"""Characters of an issuer, and of what it calls a person."""


class Provider(Protocol):
    """What an OIDC application and a SAML identity provider have in common."""

    name: Any
    sign_in_connections: Any
    match_claim: Any
    match_attribute: Any
    create_unknown_users: Any


@dataclass(frozen=True, slots=True)
class Person:
    """What a provider tells of a person: for an account that is created at the sign-in."""

    email: str = ""
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a provider said, checked: whom it means, and the value of the matching claim."""

    way: Way
    issuer: str
    subject: str
    claim: str | None
    is_lasting: bool = True
    claim_problem: Reason | None = None
    person: Person = Person()


def resolve(provider: Provider, said: Assertion) -> tuple[Any, Identity]:
    """Return the account and its identity, bound at the first sign-in; raise Refused."""
    if not _is_plain(said.subject):
        raise Refused(Reason.INVALID, "No usable subject.")
    known = Identity.objects.filter(way=said.way, issuer=said.issuer, subject=said.subject)
    identity = known.select_related("user__scim", "user__scim_connection").first()
    if identity is None:
        identity = _first_sign_in(provider, said)
    else:
        _check(provider, identity.user, said.way, identity.origin)
    Identity.objects.filter(pk=identity.pk).update(last_used=timezone.now())
    return identity.user, identity


def _is_plain(text: str) -> bool:
    """Whether a text is one that a database holds and a page shows."""
    return 0 < len(text) <= MOST and text.isprintable()


def _check(provider: Provider, user: Any, way: Way, origin: str) -> None:
    """Raise Refused where the rule does not let this account in."""
    row = getattr(user, "scim", None)
    owner = row.connection_id if row is not None else None
    is_named = owner is not None and provider.sign_in_connections.filter(pk=owner).exists()
    reason = judge(user, way, origin=Origin(origin), is_named=is_named)
    if reason is not None:
        raise Refused(reason, user=user)


def _first_sign_in(provider: Provider, said: Assertion) -> Identity:
    if not said.is_lasting:
        raise Refused(Reason.TRANSIENT)
    if said.claim_problem is not None or not said.claim or not _is_plain(said.claim):
        raise Refused(said.claim_problem or Reason.CLAIM)
    user = _matching(provider, said.claim)
    if user is None:
        if not provider.create_unknown_users:
            raise Refused(Reason.UNKNOWN)
        return _created(provider, said)
    return _bind(provider, user, said, Origin.MATCH)


def _matching(provider: Provider, value: str) -> Any:
    """Return the one account that a claim matches, None where there is none."""
    if provider.match_attribute == "externalId":
        named = ExternalId.objects.filter(
            connection__in=provider.sign_in_connections.all(), value=value, user__isnull=False
        )
        found = Q(pk__in=named.values("user"))
    else:
        found = Q(user_name_key=fold(value))
    rows = ScimUser.objects.filter(found, deleted=None)
    matches = list(rows.select_related("user", "user__scim_connection")[:2])
    if len(matches) > 1:
        raise Refused(Reason.AMBIGUOUS)
    if not matches:
        return None
    user = matches[0].user
    user.scim = matches[0]
    return user


def _created(provider: Provider, said: Assertion) -> Identity:
    """Make the account of a person whom nobody provisioned, and onboard it."""
    try:
        with transaction.atomic():
            user = _new_account(said)
            services.onboard(user)
            return _bind(provider, user, said, Origin.CREATED)
    except (IntegrityError, ValidationError) as error:
        raise Refused(Reason.CONFLICT, type(error).__name__) from None


def _new_account(said: Assertion) -> Any:
    model: Any = get_user_model()
    user = model(**{model.USERNAME_FIELD: said.claim}, **asdict(said.person))
    user.set_unusable_password()
    user.full_clean(validate_unique=False)
    user.save(force_insert=True)
    return user


def _bind(provider: Provider, user: Any, said: Assertion, origin: Origin) -> Identity:
    """Store the identity of an account that has none of this provider, or an open link."""
    link = Identity.objects.filter(user=user, way=said.way, issuer=said.issuer).first()
    if link is not None and link.subject is not None:
        _report(user, said)
        raise Refused(Reason.CONFLICT, user=user)
    if link is not None:
        origin = Origin(link.origin)
    _check(provider, user, said.way, origin)
    try:
        with transaction.atomic():
            if link is None:
                link = Identity(user=user, way=said.way, issuer=said.issuer, origin=origin)
            link.subject = said.subject
            link.save()
    except IntegrityError:
        # Another sign-in of the same moment bound it: one of them counts.
        raise Refused(Reason.CONFLICT, user=user) from None
    link.user = user
    return link


def _report(user: Any, said: Assertion) -> None:
    """Tell administrators of an identity that asked for somebody else's account."""
    detail = f"{said.issuer} sent {said.subject!r}, which is not the identity bound to the account."
    record(draft(FindingKind.IDENTITY, "user", user.scim.pk, detail), None)
