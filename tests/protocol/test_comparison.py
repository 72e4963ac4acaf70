"""A literal is checked against its attribute, and made comparable."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from scim_provisioning.protocol.attributes import Attribute, Type
from scim_provisioning.protocol.comparison import is_folded, parse_datetime, prepare
from scim_provisioning.protocol.errors import InvalidFilter
from scim_provisioning.protocol.tree import Operator

STRING = Attribute("text")
EXACT = Attribute("exact", case_exact=True)
BOOLEAN = Attribute("flag", Type.BOOLEAN)
INTEGER = Attribute("count", Type.INTEGER)
DECIMAL = Attribute("ratio", Type.DECIMAL)
DATETIME = Attribute("moment", Type.DATETIME)
REFERENCE = Attribute("link", Type.REFERENCE)
BINARY = Attribute("bytes", Type.BINARY)
COMPLEX = Attribute("parts", Type.COMPLEX)
EVERY = [STRING, EXACT, BOOLEAN, INTEGER, DECIMAL, DATETIME, REFERENCE, BINARY]
ORDERING = [Operator.GT, Operator.GE, Operator.LT, Operator.LE]
SUBSTRING = [Operator.CO, Operator.SW, Operator.EW]


def name_of(value):
    """Return the name of an attribute, for test ids."""
    return getattr(value, "name", None) if isinstance(value, Attribute) else None


@pytest.mark.parametrize(
    ("attribute", "literal", "value"),
    [
        (STRING, "ÀBC", "àbc"),
        (STRING, "", ""),
        (EXACT, "ABC", "ABC"),
        (REFERENCE, "https://X/Y", "https://X/Y"),
        (BINARY, "QUJD", "QUJD"),
        (BOOLEAN, True, True),
        (BOOLEAN, "True", True),
        (BOOLEAN, "FALSE", False),
        (INTEGER, 7, Decimal(7)),
        (INTEGER, 2.5, Decimal("2.5")),
        (DECIMAL, 0.1, Decimal("0.1")),
        (DECIMAL, -3, Decimal(-3)),
        (DATETIME, "2026-01-31T08:00:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
    ],
    ids=name_of,
)
def test_a_literal_becomes_what_values_compare_with(attribute, literal, value):
    found = prepare(Operator.EQ, literal, attribute, lenient=True)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("attribute", "literal"),
    [
        (STRING, 1),
        (STRING, True),
        (REFERENCE, 1),
        (BINARY, False),
        (BOOLEAN, "yes"),
        (BOOLEAN, ""),
        (BOOLEAN, 1),
        (BOOLEAN, 0),
        (INTEGER, "7"),
        (INTEGER, True),
        (INTEGER, 2**63),
        (INTEGER, -(2**63)),
        (DECIMAL, "0.1"),
        (DATETIME, "2026-01-31"),
        (DATETIME, 20260131),
        (DATETIME, "soon"),
    ],
    ids=name_of,
)
def test_a_literal_of_another_type_is_refused_naming_the_attribute(attribute, literal):
    with pytest.raises(InvalidFilter, match=attribute.name):
        prepare(Operator.EQ, literal, attribute, lenient=True)


@pytest.mark.parametrize("literal", ["True", "false"])
def test_booleans_in_quotes_are_for_the_lenient_only(literal):
    with pytest.raises(InvalidFilter):
        prepare(Operator.EQ, literal, BOOLEAN, lenient=False)


@pytest.mark.parametrize("operator", ORDERING)
@pytest.mark.parametrize(("attribute", "literal"), [(BOOLEAN, True), (BINARY, "QUJD")], ids=name_of)
@pytest.mark.scim("A064")
def test_booleans_and_binaries_have_no_order(operator, attribute, literal):
    with pytest.raises(InvalidFilter, match="no meaning"):
        prepare(operator, literal, attribute)


@pytest.mark.parametrize("operator", SUBSTRING)
@pytest.mark.parametrize(
    ("attribute", "literal"),
    [(BOOLEAN, True), (INTEGER, 1), (DECIMAL, 1.5), (DATETIME, "2026-01-31T08:00:00Z")],
    ids=name_of,
)
def test_only_texts_have_parts(operator, attribute, literal):
    with pytest.raises(InvalidFilter, match="needs a string"):
        prepare(operator, literal, attribute)


@pytest.mark.parametrize("operator", [Operator.EQ, Operator.NE])
@pytest.mark.parametrize("attribute", EVERY, ids=name_of)
def test_null_is_equal_or_not_to_every_type(operator, attribute):
    assert prepare(operator, None, attribute) is None


@pytest.mark.parametrize("operator", [*ORDERING, *SUBSTRING])
@pytest.mark.parametrize("attribute", EVERY, ids=name_of)
def test_null_has_neither_order_nor_parts(operator, attribute):
    with pytest.raises(InvalidFilter):
        prepare(operator, None, attribute)


@pytest.mark.parametrize("operator", Operator)
@pytest.mark.parametrize("literal", ["x", None, True, 1])
def test_complex_attributes_are_not_compared(operator, literal):
    with pytest.raises(InvalidFilter, match="complex"):
        prepare(operator, literal, COMPLEX)


def test_a_refusal_does_not_repeat_the_value():
    with pytest.raises(InvalidFilter) as refusal:
        prepare(Operator.EQ, "a-secret", INTEGER)
    assert "a-secret" not in refusal.value.detail


def test_only_strings_that_are_not_case_exact_are_folded():
    assert [a.name for a in [*EVERY, COMPLEX] if is_folded(a)] == ["text"]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00+00:00"),
        ("2026-01-31T08:00:00", "2026-01-31T08:00:00Z"),
        ("2026-01-31T08:00:00+02:00", "2026-01-31T06:00:00Z"),
        ("2026-01-31T00:30:00-01:00", "2026-01-31T01:30:00Z"),
        ("2026-01-31T08:00:00.5Z", "2026-01-31T08:00:00.500000Z"),
        ("2026-01-31T08:00:00.123456789Z", "2026-01-31T08:00:00.123456Z"),
    ],
)
def test_moments_are_aware_and_in_utc_by_default(text, same):
    assert parse_datetime(text) == parse_datetime(same)
    assert parse_datetime(text).tzinfo is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31",
        "08:00:00",
        "2026-01-31 08:00:00Z",
        "2026-01-31T08:00Z",
        "2026-1-31T08:00:00Z",
        "2026-02-30T08:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T08:00:00+99:00",
        "2026-01-31T08:00:00.Z",
        "2026-01-31t08:00:00z",
        "-2026-01-31T08:00:00Z",
        "20260131T080000Z",
        "2026-01-31T08:00:00Z\n",
        "٢٠٢٦-01-31T08:00:00Z",
    ],
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_datetime(text)
