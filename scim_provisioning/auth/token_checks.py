"""What is asked of an external issuer's token, one question per function, in their order.

Every claim may have any JSON type. A function raises Refused with the reason and the fix;
authentication stops at the first, *Explain a token* asks them all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from jwt import PyJWS
from jwt.exceptions import PyJWTError

from scim_provisioning.models.oidc import ASYMMETRIC
from scim_provisioning.protocol.attributes import Json

from . import terms as trust
from .compact import NotYetValid, Refused, shown, take_apart
from .jwks import UnknownKey, key_set
from .principals import parse_scopes
from .terms import Found, Terms

MOST_SECONDS = 2**53
"""What a JSON number holds exactly; infinity and what is no number at all lie beyond."""
AT_JWT = ("at+jwt", "application/at+jwt")
CLIENT_CREDENTIALS: Any = gettext_lazy("Use the client_credentials grant.")
_SIGNATURES = PyJWS()


@dataclass(slots=True)
class Presented:
    """A token as it was presented; ``terms`` are there once an application was found."""

    token: str
    header: dict[str, Json] = field(default_factory=dict)
    claims: dict[str, Json] = field(default_factory=dict)
    found: Found | None = None
    given: Terms | None = None
    rights: frozenset[str] = frozenset()

    @property
    def terms(self) -> Terms:
        """What it is measured by."""
        if self.given is not None:
            return self.given
        assert self.found is not None
        return self.found.terms


def structure(presented: Presented) -> None:
    """At most 8 KiB, three parts of base64url, two JSON objects."""
    presented.header, presented.claims = take_apart(presented.token)


def algorithm(presented: Presented) -> None:
    """``alg`` is asymmetric, whatever an application says."""
    if presented.header.get("alg") not in ASYMMETRIC:
        raise Refused(
            _("It is signed with %(alg)s.") % {"alg": shown(presented.header.get("alg"))},
            _("Have the issuer sign with an asymmetric algorithm, such as RS256."),
        )


def application(presented: Presented) -> None:
    """The unverified issuer and client select exactly one enabled application."""
    claims = presented.claims
    rows = trust.of_client(claims)
    enabled = [row for row in rows if row.enabled]
    if len(enabled) == 1:
        presented.found = enabled[0]
        return
    if enabled:
        names = ", ".join(sorted(row.name for row in enabled))
        raise Refused(
            _("Several applications match: %(names)s.") % {"names": names},
            _("Disable all but one, or choose another token identifier claim."),
        )
    if rows:
        raise Refused(
            _("The application %(name)s is disabled.") % {"name": rows[0].name}, _("Enable it.")
        )
    clients = {name: claims[name] for name in trust.CLAIMS if name in claims}
    raise Refused(
        _("No application has the issuer %(issuer)s and one of the clients %(clients)s.")
        % {"issuer": shown(claims.get("iss")), "clients": shown(clients)},
        _("Compare issuer (a slash at the end counts), token identifier claim and identifier."),
    )


def listed_algorithm(presented: Presented) -> None:
    """``alg`` is one of those that the application lists."""
    name = presented.header["alg"]
    if name not in presented.terms.algorithms:
        raise Refused(
            _("%(alg)s is not among the application's signing algorithms.") % {"alg": shown(name)},
            _("Add it to the application, if the issuer is meant to sign with it."),
        )


def header(presented: Presented) -> None:
    """``kid`` is a text; what would change how the token is read is refused."""
    kid = presented.header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise Refused(_("Its header names no key (kid)."))
    for name in ("crit", "zip", "b64", "enc"):
        if name in presented.header:
            raise Refused(_("Its header holds %(name)s.") % {"name": name})


def kind(presented: Presented) -> None:
    """``typ`` is that of an access token, or absent where the application allows it."""
    required = presented.terms.require_at_jwt
    if "typ" not in presented.header and not required:
        return
    typ = presented.header.get("typ")
    if isinstance(typ, str) and typ.lower() in (AT_JWT if required else (*AT_JWT, "jwt")):
        return
    raise Refused(
        _("It is of the type %(typ)s.") % {"typ": shown(typ)},
        _("Send an access token; where the issuer types none as at+jwt, do not require it."),
    )


def signature(presented: Presented) -> None:
    """A key of the issuer, long enough, made the signature; Unavailable without its keys."""
    name, kid = presented.header["alg"], presented.header["kid"]
    if not presented.terms.jwks_uri:
        raise Refused(_("The application has no keys."), _("Enter its jwks_uri."))
    try:
        key = key_set(presented.terms.jwks_uri).find(kid, name)
        _SIGNATURES.decode_complete(
            presented.token, key, [name], options={"enforce_minimum_key_length": True}
        )
    except UnknownKey as problem:
        raise Refused(
            str(problem), _("After a rotation, wait half a minute. Is it the issuer's jwks_uri?")
        ) from None
    except (PyJWTError, ValueError):
        raise Refused(
            _("The signature is not of that key, or the key is too short."),
            _("Copy the whole token. Some issuers sign tokens for their own APIs differently."),
        ) from None


def audience(presented: Presented) -> None:
    """``aud``, a text or a list of texts, names one of ours (RFC 9068 section 4)."""
    aud = presented.claims.get("aud")
    names = aud if isinstance(aud, list) else [aud]
    if not all(isinstance(name, str) for name in names) or not any(
        name in presented.terms.audiences for name in names
    ):
        raise Refused(
            _("It is for the audience %(aud)s.") % {"aud": shown(aud)},
            _("Add that to the application's audiences, or ask the issuer for another."),
        )


def issuer(presented: Presented) -> None:
    """``iss`` is the issuer, exactly."""
    if presented.claims.get("iss") != presented.terms.issuer:
        raise Refused(_("Its issuer is %(iss)s.") % {"iss": shown(presented.claims.get("iss"))})


def client(presented: Presented) -> None:
    """The identifier claim is the identifier, exactly."""
    claim = presented.terms.claim
    if presented.claims.get(claim) != presented.terms.identifier:
        given = shown(presented.claims.get(claim))
        raise Refused(_("Its %(claim)s is %(given)s.") % {"claim": claim, "given": given})


def times(presented: Presented) -> None:
    """``exp``, ``iat`` and ``nbf`` are numbers, now lies between them, and not for too long."""
    claims, leeway, now = presented.claims, presented.terms.leeway, time.time()
    expires, issued = _moment(claims, "exp"), _moment(claims, "iat")
    if expires <= now - leeway:
        raise Refused(_("It has expired."), _("Ask the issuer for a new one."))
    starts = _moment(claims, "nbf") if "nbf" in claims else issued
    if max(issued, starts) > now + leeway:
        raise NotYetValid(_("It is not valid yet."), _("Compare the clocks of both machines."))
    if not 0 < expires - issued <= presented.terms.max_age:
        raise Refused(
            _("It is valid for longer than the application allows, or for no time at all."),
            _("Shorten its life at the issuer, or raise the application's maximum token age."),
        )


def _moment(claims: dict[str, Json], name: str) -> float:
    value: Any = claims.get(name)
    if type(value) not in (int, float) or not abs(value) < MOST_SECONDS:
        raise Refused(_("Its %(name)s is no number.") % {"name": name})
    return float(value)


def no_id_token(presented: Presented) -> None:
    """An ID token tells who signed in; it opens nothing."""
    _none_of(presented, ("nonce", "at_hash", "c_hash"), _("It is an ID token: it has %(name)s."))


def no_users_token(presented: Presented) -> None:
    """It is the client's own: not one that a person delegated."""
    claims = presented.claims
    if claims.get("idtyp", "app") != "app":
        raise Refused(_("It is a user's token: idtyp is not app."), CLIENT_CREDENTIALS)
    _none_of(presented, ("uid",), _("It is a user's token: it has %(name)s."))
    if "tid" in claims:
        _none_of(presented, ("scp",), _("It is a user's token: it has %(name)s."))


def _none_of(presented: Presented, names: Iterable[str], reason: str) -> None:
    for name in names:
        if name in presented.claims:
            raise Refused(reason % {"name": name}, CLIENT_CREDENTIALS)


def tenant(presented: Presented) -> None:
    """Entra's ``tid`` is the tenant in the issuer."""
    if "tid" in presented.claims:
        tid = presented.claims["tid"]
        if not isinstance(tid, str) or not tid or tid not in presented.terms.issuer.split("/"):
            raise Refused(_("It is of another tenant: %(tid)s.") % {"tid": shown(tid)})


def scope(presented: Presented) -> None:
    """One of the required scopes or roles is there; they, and the application, tell the rights."""
    terms = presented.terms
    carried = terms.required_scopes & _carried(presented.claims)
    if terms.required_scopes and not carried:
        raise Refused(
            _("It carries none of the scopes and roles %(names)s.")
            % {"names": ", ".join(sorted(terms.required_scopes))},
            _("Grant one of them to the client at the issuer, and ask for it."),
        )
    # A name of the administrator's own choice stands for what the application may do.
    presented.rights = (parse_scopes(" ".join(carried)) or terms.rights) & terms.rights


def _carried(claims: dict[str, Json]) -> set[str]:
    """Return scopes and roles: ``scope`` (RFC 9068), ``scp`` (Okta), ``roles`` (Entra)."""
    names: set[str] = set()
    for name in ("scope", "scp"):
        value = claims.get(name)
        if isinstance(value, str):
            names.update(value.split(" "))
    for name in ("scp", "roles"):
        value = claims.get(name)
        if isinstance(value, list):
            names.update(each for each in value if isinstance(each, str))
    return names


def acting_user(presented: Presented) -> None:
    """The mapped user is active, and the token younger than the end of its credentials."""
    found = presented.found
    if found is None:
        return
    if not found.is_active:
        raise Refused(_("The account %(name)s is disabled.") % {"name": found.username})
    issued = _moment(presented.claims, "iat")
    if found.valid_after is not None and issued <= found.valid_after.timestamp():
        raise Refused(
            _("It is older than the moment when all credentials of its account ended."),
            _("Ask the issuer for a new one."),
        )


Function = Callable[[Presented], None]


@dataclass(frozen=True, slots=True)
class Check:
    """A question; without the answer to a ``needed`` one the next cannot be asked."""

    title: Any
    ask: Function
    needed: bool = False


CHECKS: tuple[Check, ...] = (
    Check(gettext_lazy("Structure"), structure, needed=True),
    Check(gettext_lazy("Asymmetric algorithm"), algorithm, needed=True),
    Check(gettext_lazy("Application"), application, needed=True),
    Check(gettext_lazy("Algorithm of the application"), listed_algorithm),
    Check(gettext_lazy("Header"), header, needed=True),
    Check(gettext_lazy("Type"), kind),
    Check(gettext_lazy("Signature"), signature),
    Check(gettext_lazy("Audience"), audience),
    Check(gettext_lazy("Issuer"), issuer),
    Check(gettext_lazy("Client"), client),
    Check(gettext_lazy("Times"), times),
    Check(gettext_lazy("No ID token"), no_id_token),
    Check(gettext_lazy("No user's token"), no_users_token),
    Check(gettext_lazy("Tenant"), tenant),
    Check(gettext_lazy("Scopes and roles"), scope),
    Check(gettext_lazy("Mapped user"), acting_user),
)
