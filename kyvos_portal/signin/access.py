"""The end of access: one write, seen by every session, token and portal token."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone

from scim_provisioning.directory import sync
from scim_provisioning.models import Connection, OIDCApplication, ScimUser

from .models import Identity, SamlProvider
from .rule import Origin, Way

Provider = OIDCApplication | SamlProvider


def end_for(users: Any) -> int:
    """End what was issued to these accounts so far; return how many they are."""
    for user in get_user_model().objects.filter(pk__in=users, scim=None):
        # The row is where it is written that their access ended.
        sync.sync_user(user)
    return ScimUser.objects.filter(user__in=users).update(credentials_valid_after=timezone.now())


def way_in(provider: Provider) -> tuple[Way, str, bool]:
    """Return the way, the issuer, and whether people may sign in by a provider."""
    if isinstance(provider, SamlProvider):
        return Way.SAML, provider.entity_id, provider.enabled
    return Way.OIDC, provider.issuer, provider.enabled and provider.sign_in


def end_for_provider(provider: Provider, connections: Collection[int] | None = None) -> int:
    """End the access of those who signed in by a provider that may not sign them in any more.

    ``connections``: of these alone. Whom another application of the same issuer still signs
    in keeps it.
    """
    way, issuer, _ = way_in(provider)
    known = Identity.objects.filter(way=way, issuer=issuer, subject__isnull=False)
    others = OIDCApplication.objects.filter(issuer=issuer, enabled=True, sign_in=True)
    others = others.exclude(pk=provider.pk) if way is Way.OIDC else others.none()
    if connections is not None:
        known = known.filter(origin=Origin.MATCH, user__scim__connection__in=connections)
    if others:
        known = _not_named(known.filter(origin=Origin.MATCH), others)
    return end_for(known.values("user"))


def _not_named(
    known: QuerySet[Identity], applications: QuerySet[OIDCApplication]
) -> QuerySet[Identity]:
    """Return the identities of accounts whose connection none of the applications names."""
    named = Connection.objects.filter(oidc_applications__in=applications)
    return known.exclude(user__scim__connection__in=named)
