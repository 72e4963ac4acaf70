"""Single values of each data type (RFC 7643 section 2.3): checked, and kept as sent."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from .attributes import Attribute, Json, Type
from .comparison import parse_datetime
from .errors import InvalidValue
from .policy import Policy

MOST_TEXT, MOST_OTHER = 2**16, 2**18
"""Characters of a string, and of a URI or binary value, which may hold a picture.

A page is in memory as a whole: without a limit, a body's size would be that of each value.
"""


def clean_scalar(value: Json, attribute: Attribute, policy: Policy, path: str) -> Json:
    """Return a value of the attribute's type; raise InvalidValue, naming the path, for others."""
    most = MOST_TEXT if attribute.type is Type.STRING else MOST_OTHER
    if isinstance(value, str) and len(value) > most:
        raise InvalidValue(f"{path} is longer than {most} characters.")
    try:
        return _CLEANERS[attribute.type](value, policy)
    except (ValueError, TypeError, OverflowError):
        raise InvalidValue(f"{path} has to be {_NAMES[attribute.type]}.") from None


def check_text(value: str, path: str) -> None:
    """Refuse the characters that databases and UTF-8 cannot hold."""
    if "\x00" in value:
        raise InvalidValue(f"{path} holds a NUL character.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidValue(f"{path} holds half of a surrogate pair.") from None


def _string(value: Json, policy: Policy) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _boolean(value: Json, policy: Policy) -> bool:
    if isinstance(value, bool):
        return value
    if policy.boolean_strings and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise TypeError


def _integer(value: Json, policy: Policy) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    if abs(value) >= 2**63:
        raise OverflowError
    return value


def _decimal(value: Json, policy: Policy) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _datetime(value: Json, policy: Policy) -> str:
    parse_datetime(_string(value, policy))
    return str(value)


def _binary(value: Json, policy: Policy) -> str:
    text = _string(value, policy)
    try:
        base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError from None
    return text


_CLEANERS: dict[Type, Any] = {
    Type.STRING: _string,
    Type.REFERENCE: _string,
    Type.BOOLEAN: _boolean,
    Type.INTEGER: _integer,
    Type.DECIMAL: _decimal,
    Type.DATETIME: _datetime,
    Type.BINARY: _binary,
}
_NAMES = {
    Type.STRING: "a string",
    Type.REFERENCE: "a string that holds a URI",
    Type.BOOLEAN: "true or false",
    Type.INTEGER: "an integer",
    Type.DECIMAL: "a number",
    Type.DATETIME: "a date with time, such as 2026-01-31T08:00:00Z",
    Type.BINARY: "a base64 string",
    Type.COMPLEX: "an object",
}
EXPECTED = _NAMES
