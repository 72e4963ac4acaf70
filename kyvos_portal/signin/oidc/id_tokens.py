"""ID tokens: the questions that tokens of clients are asked, and those of a sign-in.

OpenID Connect Core, section 3.1.3.7.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from django.utils.translation import gettext as _

from scim_provisioning.auth import token_checks
from scim_provisioning.auth.compact import Refused
from scim_provisioning.auth.terms import Terms
from scim_provisioning.auth.token_checks import Presented
from scim_provisioning.models import OIDCApplication
from scim_provisioning.protocol.attributes import Json

CHECKS = (
    token_checks.structure,
    token_checks.algorithm,
    token_checks.listed_algorithm,
    token_checks.header,
    token_checks.signature,
    token_checks.audience,
    token_checks.issuer,
    token_checks.times,
    token_checks.tenant,
)
HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


def claims_of(
    token: str, application: OIDCApplication, *, nonce: str, access_token: str
) -> dict[str, Json]:
    """Return the claims of an ID token; raise Refused, or Unavailable without the keys."""
    presented = Presented(token, given=_terms(application))
    for ask in CHECKS:
        ask(presented)
    if presented.header.get("typ", "JWT") != "JWT":
        raise Refused(_("It is no ID token."))
    if not hmac.compare_digest(_text(presented, "nonce"), nonce.encode()):
        raise Refused(_("Its nonce is of another sign-in."))
    _party(presented, application.client_id)
    if "at_hash" in presented.claims:
        _access_token(presented, access_token)
    return presented.claims


def _terms(application: OIDCApplication) -> Terms:
    return Terms(
        issuer=application.issuer,
        jwks_uri=application.jwks_uri,
        claim="aud",
        identifier=application.client_id,
        audiences=(application.client_id,),
        algorithms=tuple(application.algorithms),
        leeway=application.leeway,
        max_age=application.max_token_age,
    )


def _text(presented: Presented, name: str) -> bytes:
    value = presented.claims.get(name)
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""


def _party(presented: Presented, client_id: str) -> None:
    """``azp`` is us, and has to be there where others are meant as well."""
    aud = presented.claims.get("aud")
    several = isinstance(aud, list) and len(aud) > 1
    if (several or "azp" in presented.claims) and presented.claims.get("azp") != client_id:
        raise Refused(_("It was issued to another party."))


def _access_token(presented: Presented, access_token: str) -> None:
    """``at_hash`` is the left half of the access token's hash."""
    algorithm = str(presented.header["alg"])
    digest = HASHES.get(algorithm[-3:], hashlib.sha512)(access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not hmac.compare_digest(_text(presented, "at_hash"), half):
        raise Refused(_("It belongs to another access token."))
