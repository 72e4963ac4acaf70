"""What strings have to be besides strings: URIs, countries, pictures, certificates.

Identity providers send countries by name and pictures by any address, and compare what
comes back: only the strict profiles ask for more.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Callable, Mapping

from .attributes import Attribute, Format, Type
from .errors import InvalidValue

_URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:.+")
_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO "
    "BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ "
    "DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP "
    "GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG "
    "KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML "
    "MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE "
    "PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL "
    "SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM "
    "US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
)
_COUNTRIES = frozenset(_CODES.split())
"""ISO 3166-1 alpha-2, officially assigned."""


def check(value: str, attribute: Attribute, path: str) -> None:
    """Raise InvalidValue where a string is not of the attribute's format."""
    if attribute.type is Type.REFERENCE and not _is_reference(value, attribute):
        raise InvalidValue(f"{path} has to be a URI.")
    if attribute.format and not _CHECKS[attribute.format](value):
        raise InvalidValue(f"{path} has to be {attribute.format}.")


def _is_reference(value: str, attribute: Attribute) -> bool:
    """Whether a value is a URI; what lies outside SCIM has a scheme (RFC 7643 section 2.3.7)."""
    absolute = "external" not in attribute.reference_types or _SCHEME.fullmatch(value)
    return bool(_URI.fullmatch(value) and absolute)


def _is_picture(value: str) -> bool:
    if value.lower().startswith("data:"):
        return value.lower().startswith("data:image/")
    kind, _ = mimetypes.guess_type(re.split("[?#]", value)[0], strict=False)
    # A name that tells nothing may well be that of a picture.
    return kind is None or kind.startswith("image/")


def _is_certificate(value: str) -> bool:
    """Whether a value is one DER sequence, from its first to its last byte."""
    der = base64.b64decode(value + "=" * (-len(value) % 4))
    if len(der) < 2 or der[0] != 0x30:
        return False
    size, start = der[1], 2
    if size >= 0x80:
        start += size & 0x7F
        size = int.from_bytes(der[2:start])
    return start + size == len(der)


_CHECKS: Mapping[Format, Callable[[str], bool]] = {
    Format.COUNTRY: _COUNTRIES.__contains__,
    Format.PICTURE: _is_picture,
    Format.CERTIFICATE: _is_certificate,
}
