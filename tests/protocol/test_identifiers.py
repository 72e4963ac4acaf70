"""Ids that an earlier system gave, kept within the UUIDs that rows are keyed by."""

from __future__ import annotations

import string
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim_provisioning.protocol.identifiers import parse, shown

pytestmark = pytest.mark.once
REST = string.ascii_letters + string.digits + "._~@-"


@given(st.text(REST, min_size=1, max_size=13).filter(lambda text: text[0] != "."))
def test_a_short_text_comes_back_as_it_was(text):
    key = parse(text, any_case=True)
    assert (key.version, key.variant) == (8, "specified in RFC 4122")
    assert shown(key) == text


@given(st.lists(st.text(REST, min_size=1, max_size=13).filter(lambda t: t[0] != "."), unique=True))
def test_texts_sort_as_their_keys_do(texts):
    assert sorted(texts, key=parse) == sorted(texts)


def test_a_uuid_is_itself():
    for key in (uuid4(), UUID(int=0), UUID("018f0000-0000-8000-8000-000000000000")):
        assert (shown(key), parse(str(key))) == (str(key), key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".search",
        "a/b",
        "a b",
        "caf\u00e9",
        "x" * 14,
        "42\n",
        "018f000000004000800000000000beef",
        "018F0000-0000-4000-8000-00000000BEEF",
        str(parse("42")),
        None,
        42,
    ],
)
def test_nothing_else_is_an_id(text):
    assert parse(text) is None


def test_letter_case_counts_of_texts_and_not_of_uuids_where_the_client_may():
    key = uuid4()
    assert parse(str(key).upper(), any_case=True) == key
    assert parse("Ab", any_case=True) != parse("ab", any_case=True)
