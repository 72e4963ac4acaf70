"""First Login Actions: what is read, what is refused, where, and in which words."""

from __future__ import annotations

import json
import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from onboarding.schema import SCHEMA, Document, InvalidDocument, formatted, parse, schema
from onboarding.schema.problems import SHOWN
from onboarding.schema.reader import MAX_LENGTH, MAX_PARTS, read
from onboarding.schema.rules import EXPLAINED
from tests.onboarding.bad_documents import GOOD, KINDS, ROLES, bad_documents

pytestmark = pytest.mark.once


def parsed(text, **options):
    return parse(text, roles=ROLES, kinds=KINDS, **options)


def problems(text, **options):
    with pytest.raises(InvalidDocument) as caught:
        parsed(text, **options)
    return [str(problem) for problem in caught.value.problems]


@bad_documents
def test_a_bad_document_is_told_all_that_is_wrong(text, messages):
    assert problems(text) == messages


def test_the_documented_text_is_read():
    assert parsed(GOOD) == Document("Business User", False, False, {})


def test_what_is_left_out_has_its_default():
    assert parsed('{"roleName": "End User"}') == Document("End User", False, False, {})


def test_a_name_and_a_list_of_names_are_the_same():
    text = (
        '{"roleName": "End User", "defaultEntities": {"folder": "Sales", "workbook": ["A", "B"]}}'
    )
    document = parsed(text)
    assert document.default_entities == {"folder": ("Sales",), "workbook": ("A", "B")}
    assert Document.of(document.as_json()) == document


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert parsed("\ufeff" + GOOD).role_name == "Business User"


def test_columns_count_characters():
    text = '{"roleName": "End User", "defaultEntities": {"folder": ["😀", 1]}}'
    assert problems(text)[0].startswith(f"Line 1, column {text.index('1]') + 1}:")


def test_names_of_entities_may_be_checked():
    def check(kind, name):
        return None if (kind, name) == ("folder", "Sales") else f"there is no {kind} {name}"

    text = '{"roleName": "End User", "defaultEntities": {"folder": ["Sales", "Sale"], "workbook": "W"}}'
    assert problems(text, check_entity=check) == [
        "Line 1, column 66: defaultEntities.folder[1]: there is no folder Sale",
        "Line 1, column 87: defaultEntities.workbook: there is no workbook W",
    ]


def test_a_site_s_own_kinds_and_roles_count():
    text = '{"roleName": "Clerk", "defaultEntities": {"report": "Q1"}}'
    assert parse(text, roles=["Clerk"], kinds=["report"]).role_name == "Clerk"


def test_a_long_list_of_roles_is_cut():
    with pytest.raises(InvalidDocument) as caught:
        parse('{"roleName": "x"}', roles=[f"Role {i:03}" for i in range(50)], kinds=())
    assert str(caught.value).endswith("'Role 019', …")


def test_the_schema_is_one_and_every_keyword_is_explained():
    Draft202012Validator.check_schema(SCHEMA)
    site = schema(ROLES, KINDS)
    Draft202012Validator.check_schema(site)
    assert site["properties"]["roleName"]["enum"] == list(ROLES)
    assert not set(keywords(site)) - set(EXPLAINED) - {
        "$schema", "title", "description", "properties", "default", "items", "propertyNames",
    }  # fmt: skip


def keywords(part):
    yield from part
    for name in ("items", "additionalProperties", "propertyNames"):
        if isinstance(part.get(name), dict):
            yield from keywords(part[name])
    for child in part.get("properties", {}).values():
        yield from keywords(child)


def test_more_problems_than_anybody_reads_are_cut():
    text = "{" + ", ".join(f'"k{i}": NaN' for i in range(MAX_PARTS)) + "}"
    assert len(problems(text)) == SHOWN
    assert problems("[" + "1," * (MAX_PARTS + 1))[-1].endswith(f"more than {MAX_PARTS} parts")


def test_a_text_is_laid_out_anew():
    assert (
        formatted('{"a":[1,"ä"],\n"b":{}}') == '{\n  "a": [\n    1,\n    "ä"\n  ],\n  "b": {}\n}\n'
    )
    with pytest.raises(InvalidDocument):
        formatted('{"a": 1e999}')


HOSTILE = [
    "[",
    "{",
    '"',
    "\\",
    ",",
    "/*",
    "{'",
    '{"a":',
    "“",
    "\ud800",
    "1",
    "- ",
    '"\\u0000"',
    "\r",
]


@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_long_hostile_texts_are_refused(piece):
    assert problems((piece * MAX_LENGTH)[:MAX_LENGTH])
    assert problems(('{"a": [' + piece * MAX_LENGTH)[:MAX_LENGTH])


PIECES = ["{", "}", "[", "]", ":", ",", '"roleName"', '"End User"', "true", "null", "-1.5e3", "01",
          "NaN", "'a'", '"\\u00e4"', '"\\ud83d\\ude00"', '"\\udc00"', '"\\', " ", "\n", "//", "#", "x", "\x00"]  # fmt: skip
texts = st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda child: st.lists(child, max_size=3) | st.dictionaries(st.text("abc"), child, max_size=3),
    max_leaves=8,
)  # fmt: skip


def strictly(text):
    """Return what Python's own reader makes of a text, a refusal where it is no strict JSON."""

    def refuse(*_):
        raise ValueError

    def once(pairs):
        return dict(pairs) if len(dict(pairs)) == len(pairs) else refuse()

    value = json.loads(text, parse_constant=refuse, object_pairs_hook=once)
    json.dumps(value, ensure_ascii=False).encode()
    return refuse() if re.search(r"(?<!\\)(\\\\)*\\u0000", json.dumps(value)) else value


@given(texts)
def test_it_reads_what_python_reads_and_refuses_what_python_refuses(text):
    reading = read(text)
    try:
        value = strictly(text)
    except ValueError:
        assert reading.problems()
    else:
        assert not reading.problems()
        assert reading.value == value


@given(json_values)
def test_what_is_json_is_read_and_laid_out_without_loss(value):
    assert read(json.dumps(value, indent=1)).value == value
    assert json.loads(formatted(json.dumps(value, ensure_ascii=False))) == value


@given(texts)
def test_every_problem_has_a_place_in_the_text(text):
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    reading = read(text)
    for problem in reading.problems():
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


@given(texts)
def test_a_text_is_a_document_or_says_why_not(text):
    try:
        assert parsed(text).role_name in ROLES
    except InvalidDocument as error:
        told = str(error)
        assert told.startswith("Line ")


@pytest.mark.parametrize(
    ("role", "mail", "entities"), list(product(["End User", 1], [True, "x"], [{}, []]))
)
def test_the_published_schema_says_the_same(role, mail, entities):
    value = {"roleName": role, "sendWelcomeMailToUser": mail, "defaultEntities": entities}
    is_valid = Draft202012Validator(schema(ROLES, KINDS)).is_valid(value)
    if is_valid:
        parsed(json.dumps(value))
    else:
        problems(json.dumps(value))
