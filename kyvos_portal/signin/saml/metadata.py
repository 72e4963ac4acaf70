"""What an identity provider's metadata says: checked before it is trusted for anything."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import Certificate, load_der_x509_certificate
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from scim_provisioning import conf

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
CERTIFICATE = ".//{http://www.w3.org/2000/09/xmldsig#}X509Certificate"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
LEAST_BITS = 2048


@dataclass(frozen=True, slots=True)
class Described:
    """One identity provider, as its metadata describes it."""

    entity_id: str
    certificate_expires: datetime


def parse(xml: str | bytes) -> Any:
    """Return the root of a document without DTD; raise ValueError for anything else."""
    try:
        return fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, UnicodeError, LookupError) as error:
        raise ValueError(type(error).__name__) from None


def read(xml: str) -> Described:
    """Return what metadata says; raise ValidationError where it cannot be used."""
    try:
        root = parse(xml.strip().encode())
    except ValueError:
        raise ValidationError(_("This is no XML that can be read, or it has a DTD.")) from None
    if root.tag != f"{MD}EntityDescriptor":
        raise ValidationError(_("Give the EntityDescriptor of one identity provider."))
    roles = root.findall(f"{MD}IDPSSODescriptor")
    if len(roles) != 1 or not root.get("entityID"):
        raise ValidationError(_("It describes no identity provider (one IDPSSODescriptor)."))
    _check_sign_on(roles[0])
    certificates = list(_certificates(roles[0]))
    if not certificates:
        raise ValidationError(_("It has no certificate to check signatures by."))
    expires = min(certificate.not_valid_after_utc for certificate in certificates)
    return Described(root.get("entityID", "").strip(), expires)


def _check_sign_on(role: Element) -> None:
    services = role.findall(f"{MD}SingleSignOnService")
    places = [s.get("Location", "") for s in services if s.get("Binding") == REDIRECT]
    if not places:
        raise ValidationError(_("It offers no sign-on by HTTP-Redirect."))
    schemes = {"https", "http"} if conf.current().allow_local_issuers else {"https"}
    if any(urlsplit(place).scheme not in schemes for place in places):
        raise ValidationError(_("Its sign-on address has to begin with https://."))


def _certificates(role: Element) -> Iterator[Certificate]:
    for key in role.findall(f"{MD}KeyDescriptor"):
        if key.get("use", "signing") == "signing":
            for found in key.findall(CERTIFICATE):
                yield _certificate(found.text or "")


def _certificate(text: str) -> Certificate:
    try:
        certificate = load_der_x509_certificate(base64.b64decode("".join(text.split())))
    except (ValueError, binascii.Error):
        raise ValidationError(_("One of its certificates cannot be read.")) from None
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_BITS:
        raise ValidationError(_("One of its keys is shorter than 2048 bits."))
    return certificate
