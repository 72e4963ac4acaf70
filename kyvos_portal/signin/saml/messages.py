"""A SAML response: looked at before pysaml2 sees it, and after pysaml2 has checked it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from traceback import clear_frames
from typing import Any

from django.core.cache import cache
from saml2 import xmldsig
from saml2.saml import SCM_BEARER

from kyvos_portal.signin.binding import Assertion
from kyvos_portal.signin.events import Refused
from kyvos_portal.signin.models import SamlProvider
from kyvos_portal.signin.rule import Reason, Way

from .metadata import parse

MOST_BYTES = 256 * 1024
PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SIGNATURES = frozenset(
    {
        *(xmldsig.SIG_RSA_SHA256, xmldsig.SIG_RSA_SHA384, xmldsig.SIG_RSA_SHA512),
        *(xmldsig.SIG_ECDSA_SHA256, xmldsig.SIG_ECDSA_SHA384, xmldsig.SIG_ECDSA_SHA512),
    }
)
"""What a signature may be made by: pysaml2 and xmlsec1 take SHA-1 too, which can be forged."""
DIGESTS = frozenset({xmldsig.DIGEST_SHA256, xmldsig.DIGEST_SHA384, xmldsig.DIGEST_SHA512})
METHODS = {
    f"{{{xmldsig.NAMESPACE}}}SignatureMethod": SIGNATURES,
    f"{{{xmldsig.NAMESPACE}}}DigestMethod": DIGESTS,
}
WEAK = "It is signed by an algorithm that is not trusted, such as SHA-1."
REMEMBERED = 24 * 3600
"""Seconds that an assertion's id is kept; none is accepted that old."""


def let_go(error: BaseException | None) -> None:
    """Drop what an error's frames hold, pysaml2's temporary files of the message above all."""
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__context__


def invalid(detail: str) -> Refused:
    """Return the refusal of a message that breaks the rules."""
    return Refused(Reason.INVALID, detail)


def request_id(encoded: str) -> str:
    """Return which request a response says it answers; raise Refused for odd shapes.

    One assertion, where it belongs: whatever else a document hides, nobody can be made to
    read another assertion than the one whose signature is checked.
    """
    try:
        root = parse(base64.b64decode("".join(encoded.split()), validate=True))
    except (ValueError, binascii.Error):
        raise invalid("The response is no XML without a DTD.") from None
    assertions = [e for e in root.iter() if _name(e) in ("Assertion", "EncryptedAssertion")]
    if root.tag != f"{PROTOCOL}Response":
        raise invalid("The document is no response.")
    if [e.tag for e in assertions] not in ([], [f"{SAML}Assertion"]):
        raise invalid("The response holds something else than one plain assertion.")
    if assertions and assertions[0] not in list(root):
        raise invalid("The assertion is not where it belongs.")
    if any(e.get("Algorithm") not in METHODS[e.tag] for e in root.iter() if e.tag in METHODS):
        raise invalid(WEAK)
    return str(root.get("InResponseTo", ""))


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def check(response: Any, provider: SamlProvider) -> None:
    """Raise Refused where a response, whose signature is right, is still not to be used."""
    assertion = response.assertion
    issuers = {response.issuer(), assertion.issuer.text.strip()}
    if issuers != {provider.entity_id}:
        raise invalid("The issuer is not the provider that was asked.")
    conditions = assertion.conditions
    if not conditions or not conditions.audience_restriction or not conditions.not_on_or_after:
        raise invalid("The assertion names no audience, or no end.")
    if not all(_is_for_us(each, response) for each in assertion.subject.subject_confirmation):
        raise invalid("The assertion was made for another place, or another request.")
    key = hashlib.sha256(f"{provider.entity_id}\0{assertion.id}".encode()).hexdigest()
    if not cache.add(f"saml-assertion:{key}", 1, REMEMBERED):
        raise invalid("The assertion was used before.")


def _is_for_us(confirmation: Any, response: Any) -> bool:
    """Whether a bearer was confirmed for our address and this request (SAML profiles 4.1.4.2)."""
    data = confirmation.subject_confirmation_data
    return bool(
        confirmation.method == SCM_BEARER
        and data is not None
        and data.recipient in response.return_addrs
        and data.in_response_to == response.in_response_to
        and data.not_on_or_after
    )


def said(response: Any, provider: SamlProvider) -> Assertion:
    """Return what a checked response says of a person."""
    name_id = response.assertion.subject.name_id
    subject = (name_id.text or "").strip() if name_id is not None else ""
    claim = subject if provider.match_claim == "NameID" else _attribute(response, provider)
    return Assertion(
        way=Way.SAML,
        issuer=provider.entity_id,
        subject=subject,
        claim=claim,
        is_lasting=name_id is not None and name_id.format != TRANSIENT,
    )


def _attribute(response: Any, provider: SamlProvider) -> str | None:
    """Return the one value of the matching attribute, by its name or its friendly name."""
    values = [
        (value.text or "").strip()
        for statement in response.assertion.attribute_statement
        for attribute in statement.attribute
        if provider.match_claim in (attribute.name, attribute.friendly_name)
        for value in attribute.attribute_value
    ]
    return values[0] if len(set(values)) == 1 else None
