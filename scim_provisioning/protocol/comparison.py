"""What a filter's literal means for an attribute: checked, and made comparable."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .attributes import Attribute, Json, Type
from .errors import InvalidFilter
from .fold import fold
from .tree import Operator

DATE_TIME = re.compile(r"-?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
ORDERING = {Operator.GT, Operator.GE, Operator.LT, Operator.LE}
SUBSTRING = {Operator.CO, Operator.SW, Operator.EW}
TEXTS = {Type.STRING, Type.REFERENCE, Type.BINARY}


def is_folded(attribute: Attribute) -> bool:
    """Whether the values of an attribute compare without case (RFC 7643 section 2.2)."""
    return attribute.type is Type.STRING and not attribute.case_exact


def parse_datetime(text: str) -> datetime:
    """Return an xsd:dateTime with date and time as an aware moment; raise ValueError.

    A moment without time zone is taken as UTC (RFC 7643 section 2.3.5).
    """
    if not DATE_TIME.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(_six_digits(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _six_digits(text: str) -> str:
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def prepare(operator: Operator, value: Json, attribute: Attribute, lenient: bool = True) -> Any:
    """Return the literal as what values of the attribute compare with; None for null.

    Raises InvalidFilter where the operator or the literal does not suit the type.
    """
    if attribute.is_complex:
        raise InvalidFilter(f"{attribute.name} is complex: compare one of its sub-attributes.")
    if operator in ORDERING and attribute.type in (Type.BOOLEAN, Type.BINARY):
        raise InvalidFilter(f"{operator} has no meaning for {attribute.name}.")
    if operator in SUBSTRING and attribute.type not in TEXTS:
        raise InvalidFilter(f"{operator} needs a string, which {attribute.name} is not.")
    if value is None:
        if operator not in (Operator.EQ, Operator.NE):
            raise InvalidFilter(f"{operator} needs a value other than null.")
        return None
    return _converted(value, attribute, lenient)


def _converted(value: Json, attribute: Attribute, lenient: bool) -> Any:
    try:
        match attribute.type:
            case Type.BOOLEAN:
                return _boolean(value, lenient)
            case Type.INTEGER | Type.DECIMAL:
                return _number(value)
            case Type.DATETIME:
                return parse_datetime(value)
            case _:
                return _text(value, attribute)
    except (ValueError, TypeError, OverflowError):
        raise InvalidFilter(
            f"{attribute.name} is compared with a {attribute.type}, which the value is not."
        ) from None


def _boolean(value: Json, lenient: bool) -> bool:
    if isinstance(value, bool):
        return value
    if lenient and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError(value)


def _number(value: Json) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    if isinstance(value, int) and abs(value) >= 2**63:
        raise OverflowError(value)
    return Decimal(str(value))


def _text(value: Json, attribute: Attribute) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return fold(value) if is_folded(attribute) else value
