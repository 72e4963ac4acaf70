"""Assertions of trusted workloads in place of a client's secret (RFC 7523 section 2.2)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from scim_provisioning.models import UsedAssertion, WorkloadTrust
from scim_provisioning.statements import insert_missing

from . import token_checks
from .compact import Refused
from .terms import Terms, storable
from .token_checks import Presented

ORDER = (
    token_checks.algorithm,
    token_checks.header,
    token_checks.kind,
    token_checks.signature,
    token_checks.audience,
    token_checks.issuer,
    token_checks.client,
    token_checks.times,
    token_checks.no_id_token,
    token_checks.no_users_token,
    token_checks.tenant,
)


def check(assertion: str, connection_id: int) -> WorkloadTrust:
    """Return the trusted workload of a connection that made an assertion, and use it up.

    Raises Refused, or Unavailable while the issuer's keys cannot be fetched. An assertion
    with a ``jti`` counts once, whichever worker sees it; one without, as Entra makes them,
    until it expires: it is an access token, which its bearer is told to keep and to send again.
    """
    presented = Presented(assertion)
    token_checks.structure(presented)
    trust = _trust(presented, connection_id)
    presented.given = Terms(trust.issuer, trust.jwks_uri, "sub", trust.subject, (trust.audience,))
    for ask in ORDER:
        ask(presented)
    _use_up(presented)
    return trust


def _trust(presented: Presented, connection_id: int) -> WorkloadTrust:
    issuer, subject = (storable(presented.claims.get(name)) for name in ("iss", "sub"))
    rows = WorkloadTrust.objects.filter(
        connection=connection_id, issuer=issuer, subject=subject, enabled=True
    )
    trust = rows.first() if issuer and subject else None
    if trust is None:
        raise Refused(_("The connection trusts no workload of this issuer and subject."))
    return trust


def _use_up(presented: Presented) -> None:
    """Write down an assertion that names itself; the unique row is what stops the second."""
    if "jti" not in presented.claims:
        return
    jti = presented.claims["jti"]
    if not isinstance(jti, str) or not jti:
        raise Refused(_("Its jti is no text."))
    text = f"{presented.terms.issuer}\0{jti}"
    row = {
        "digest": hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(),
        "expires": _forgotten(presented),
    }
    UsedAssertion.objects.filter(expires__lt=timezone.now()).delete()
    if not insert_missing(UsedAssertion, [row]):
        raise Refused(_("It was used before."), _("Make a new one for every request."))


def _forgotten(presented: Presented) -> datetime:
    """Return when an assertion is refused for its age anyway."""
    expires = float(presented.claims["exp"]) + presented.terms.leeway + 1
    return datetime.fromtimestamp(expires, UTC)
