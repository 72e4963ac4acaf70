"""Filters and paths parse by the RFC's grammar, within limits, and write back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim_provisioning.protocol import urns
from scim_provisioning.protocol.errors import InvalidFilter, InvalidPath
from scim_provisioning.protocol.grammar import (
    parse_attribute,
    parse_filter,
    parse_path,
    unparse,
)
from scim_provisioning.protocol.tree import (
    And,
    AttributePath,
    Comparison,
    Not,
    Operator,
    Or,
    PatchPath,
    Present,
    ValuePath,
)

A, B, C = (Present(AttributePath(name)) for name in "abc")


def comparison(name, operator, value, sub=None, urn=None):
    """Return a comparison of an attribute given by its parts."""
    return Comparison(AttributePath(name, sub, urn), Operator(operator), value)


WORK = comparison("type", "eq", "work")

# RFC 7644 section 3.4.2.2, the examples under figure 2.
RFC_EXAMPLES = [
    'userName eq "bjensen"',
    'name.familyName co "O\'Malley"',
    'userName sw "J"',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"',
    "title pr",
    'meta.lastModified gt "2011-05-13T04:42:34Z"',
    'title pr and userType eq "Employee"',
    'title pr or userType eq "Intern"',
    'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
    'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
    'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
    'userType eq "Employee" and (emails.type eq "work")',
    'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
    'emails[type eq "work" and value co "@example.com"] or '
    'ims[type eq "xmpp" and value co "@foo.com"]',
]


@pytest.mark.parametrize("text", RFC_EXAMPLES)
def test_examples_of_the_rfc_write_back_to_the_same_tree(text):
    node = parse_filter(text)
    assert parse_filter(unparse(node)) == node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a pr or b pr and c pr", Or((A, And((B, C))))),
        ("a pr and b pr or c pr", Or((And((A, B)), C))),
        ("(a pr or b pr) and c pr", And((Or((A, B)), C))),
        ("not (a pr) and b pr", And((Not(A), B))),
        ("not (a pr or b pr)", Not(Or((A, B)))),
        ("not (not (a pr))", Not(Not(A))),
        ("a pr and b pr and c pr", And((A, B, C))),
        ("a pr and (b pr and c pr)", And((A, B, C))),
        ("a pr or (b pr or c pr)", Or((A, B, C))),
        ("((a pr))", A),
        ("a PR AND b Pr Or NOT (c pR)", Or((And((A, B)), Not(C)))),
        ("not pr and a pr", And((Present(AttributePath("not")), A))),
        ("and pr and or pr", And((Present(AttributePath("and")), Present(AttributePath("or"))))),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_and_binds_tighter_than_or_and_chains_are_flat(text, node):
    assert parse_filter(text) == node


@pytest.mark.parametrize("operator", list(Operator))
@pytest.mark.parametrize("change", [str.lower, str.upper, str.title], ids=lambda f: f.__name__)
def test_operators_ignore_case_and_names_stay_as_written(operator, change):
    assert parse_filter(f'UserNAME {change(operator)} "x"') == comparison("UserNAME", operator, "x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\"b\\c\/d"', 'a"b\\c/d'),
        (r'"\u00e9\n\t"', "é\n\t"),
        (r'"\ud83d\ude00"', "😀"),
        ('"(a) and [b] pr"', "(a) and [b] pr"),
        ('""', ""),
        ("0", 0),
        ("-12", -12),
        ("1.5", 1.5),
        ("-2.5E+3", -2500.0),
        ("TRUE", True),
        ("False", False),
        ("NULL", None),
    ],
)
def test_values_are_json_scalars(text, value):
    found = parse_filter(f"a eq {text}").value
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("name.givenName", AttributePath("name", "givenName")),
        ("members.$ref", AttributePath("members", "$ref")),
        ("x-y_z1", AttributePath("x-y_z1")),
        (f"{urns.USER}:name.givenName", AttributePath("name", "givenName", urns.USER)),
        (f"{urns.ENTERPRISE_USER}:a", AttributePath("a", None, urns.ENTERPRISE_USER)),
        ("URN:x:1.0:a", AttributePath("a", None, "URN:x:1.0")),
        ("  userName ", AttributePath("userName")),
    ],
)  # fmt: skip
def test_the_urn_of_a_path_ends_at_the_last_colon(text, path):
    assert parse_attribute(text) == path
    assert parse_filter(f"{text} pr") == Present(path)
    assert parse_path(text) == PatchPath(path)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ('emails[type eq "work"]', WORK),
        ('emails[type eq "work"].value pr', And((WORK, Present(AttributePath("value"))))),
        ('emails[type eq "work"].value eq "x"', And((WORK, comparison("value", "eq", "x")))),
        (
            'emails[type eq "work" and primary eq true].value eq "x"',
            And((WORK, comparison("primary", "eq", True), comparison("value", "eq", "x"))),
        ),
        (
            'emails[type eq "work" or type eq "home"].value eq "x"',
            And((Or((WORK, comparison("type", "eq", "home"))), comparison("value", "eq", "x"))),
        ),
    ],
)
def test_a_comparison_behind_a_value_filter_asks_of_the_same_entry(text, node):
    assert parse_filter(text) == ValuePath(AttributePath("emails"), node)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('emails[type eq "work"]', PatchPath(AttributePath("emails"), WORK)),
        ('emails[type eq "work"].value', PatchPath(AttributePath("emails", "value"), WORK)),
        ("members[not (a pr)]", PatchPath(AttributePath("members"), Not(A))),
        ('urn:a:1.0:b[type eq "work"].c', PatchPath(AttributePath("b", "c", "urn:a:1.0"), WORK)),
    ],
)  # fmt: skip
def test_patch_paths_select_by_a_value_filter(text, path):
    assert parse_path(text) == path
    assert parse_path(unparse(path)) == path


REFUSED = [
    "", " ", "userName", "userName eq", 'eq "x"', 'userName is "x"', "userName eq x",
    "userName eq 'x'", 'userName eq "x', 'userName eq "\\x"', 'userName eq "\\ud83d"',
    'userName eq "\\u0000"', "a eq 007", "a eq 1.", "a eq +1", "a eq 1e999", "a eq -1e999",
    "a eq NaN", "a eq Infinity", f"a eq {'9' * 5000}", "a eq ٣", "a eq [1]", "a eq {}", "pr",
    "a pr and", "or a pr", "a pr b pr", "a pr and and b pr", "not a pr", "(a pr", "a pr)", "()",
    "not ()", "emails[]", "emails[type pr", "emails type pr]", "emails[a[b pr]]",
    "emails.value[type pr]", "emails[type pr].value", "emails[type pr].value.x pr", "a.b.c pr",
    "1a pr", "a. pr", ".a pr", "é pr", "x:a pr", "urn:a: pr", "urn:a:2.0 pr", "a pr ; drop",
    "$x pr", "a eq b",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:30]))
def test_what_is_no_filter_is_refused(text):
    with pytest.raises(InvalidFilter):
        parse_filter(text)


@pytest.mark.parametrize(
    "text",
    ["", "[a pr]", "a[", "a[]", "a[b pr]c", "a[b pr].", "a[b pr].c.d", "a.b[c pr]", "a b", "a pr"],
)  # fmt: skip
def test_what_is_no_path_is_refused(text):
    with pytest.raises(InvalidPath):
        parse_path(text)


@pytest.mark.parametrize("text", ["", "a b", "a[b pr]", "a.b.c", "a,b", "urn:", "x:y", "ä"])
def test_what_is_no_attribute_is_refused(text):
    with pytest.raises(InvalidPath):
        parse_attribute(text)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ('userName like "x"', 10),
        ("a;pr", 2),
        (r'a eq "\x"', 6),
        ("a eq 1e999", 6),
        ("a eq (", 6),
    ],
)
def test_a_refusal_tells_the_position(text, position):
    with pytest.raises(InvalidFilter, match=rf"position {position}\b"):
        parse_filter(text)


def grouped(depth):
    """Return a filter in that many parentheses."""
    return "(" * depth + "a pr" + ")" * depth


def joined(terms):
    """Return a filter of that many terms."""
    return " or ".join(["a pr"] * terms)


@pytest.mark.parametrize(
    ("limit", "build"),
    [
        ("max_depth", grouped),
        ("max_depth", lambda depth: "not (" * depth + "a pr" + ")" * depth),
        ("max_depth", lambda depth: f"a[{'(' * (depth - 1)}b pr{')' * (depth - 1)}]"),
        ("max_terms", joined),
        ("max_length", lambda length: f"{'a' * (length - 3)} pr"),
    ],
    ids=["depth", "depth of not", "depth of value path", "terms", "length"],
)
def test_a_limit_holds_to_the_last(limit, build):
    parse_filter(build(7), **{limit: 7})
    with pytest.raises(InvalidFilter):
        parse_filter(build(8), **{limit: 7})


@pytest.mark.parametrize("group", [grouped(3), "not (((a pr)))", "a[((b pr))]", "a[((b pr))].c pr"])
def test_side_by_side_groups_do_not_add_up(group):
    parse_filter(" and ".join([group] * 20), max_depth=3)


@pytest.mark.parametrize("opening", ["(", "not (", "a[", "((", "a[("])
def test_depth_is_refused_long_before_python_runs_out(opening):
    with pytest.raises(InvalidFilter):
        parse_filter(opening * 100_000, max_length=10**7)


def test_a_path_keeps_the_limits_too():
    with pytest.raises(InvalidPath):
        parse_path(f"a[{grouped(60)}]")
    with pytest.raises(InvalidPath):
        parse_path("a" * 10_001)


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)
URNS = st.none() | st.sampled_from([urns.USER, urns.ENTERPRISE_USER, "urn:x:1.0"])
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
LITERALS = VALUES | st.booleans() | st.none()


def leaves(paths):
    """Return comparisons and presence tests of the paths."""
    operators = st.sampled_from(Operator)
    return st.builds(Present, paths) | st.builds(Comparison, paths, operators, LITERALS)


def joins(nodes):
    """Return compounds of nodes, flat as the parser leaves them."""
    return st.builds(Not, nodes) | st.lists(nodes, min_size=2, max_size=4).flatmap(
        lambda operands: st.sampled_from([_flat(And, operands), _flat(Or, operands)])
    )


def _flat(kind, operands):
    parts = [o.operands if isinstance(o, kind) else (o,) for o in operands]
    return kind(tuple(operand for part in parts for operand in part))


INNER = st.recursive(leaves(st.builds(AttributePath, NAMES)), joins, max_leaves=6)
PATHS = st.builds(AttributePath, NAMES, st.none() | NAMES, URNS)
VALUE_PATHS = st.builds(
    ValuePath, st.builds(AttributePath, NAMES, st.none(), URNS), INNER
)  # fmt: skip
FILTERS = st.recursive(leaves(PATHS) | VALUE_PATHS, joins, max_leaves=12)


@given(FILTERS)
def test_every_tree_is_read_back_from_its_text(node):
    assert parse_filter(unparse(node), max_length=10**6) == node


@given(st.builds(PatchPath, PATHS) | st.builds(PatchPath, PATHS, INNER))
def test_every_path_is_read_back_from_its_text(path):
    assert parse_path(unparse(path)) == path


WORDS = st.sampled_from(
    [*Operator, *'()[]."\\', " ", "and", "or", "not", "pr", "a", "1", "-", "urn:", "null"]
)


@given(st.text() | st.lists(WORDS).map("".join) | st.lists(WORDS).map(" ".join))
def test_any_text_is_parsed_stably_or_refused(text):
    try:
        node = parse_filter(text)
    except InvalidFilter:
        return
    assert parse_filter(unparse(node)) == node
