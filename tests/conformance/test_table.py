"""The proof itself: what it takes for held, and what it complains of."""

from __future__ import annotations

import pytest

from .table import Decision, Evidence, Line, decisions, document, faults, lines, result

MUST = Line("A001", "here", "MUST", "What holds")
DECLINED = Decision("declined", "a reason")


def evidence(*outcomes):
    return Evidence({f"test_{i}": {outcome} for i, outcome in enumerate(outcomes)})


@pytest.mark.parametrize(
    ("outcomes", "decision", "expected"),
    [
        ((), None, "open"),
        (("passed",), None, "held"),
        (("passed", "failed"), None, "failed"),
        (("passed", "skipped"), None, "held"),
        (("skipped",), None, "open"),
        ((), DECLINED, "declined"),
        (("passed",), Decision("strict", "a reason"), "held"),
    ],
)
def test_a_line_is_held_by_a_test_that_passed(outcomes, decision, expected):
    assert result(MUST, evidence(*outcomes), decision, set()) == expected


def test_a_line_of_a_feature_applies_once_it_is_offered():
    line = Line("A148", "here", "MUST", "What holds", "bulk")
    assert result(line, evidence(), None, set()) == "not offered"
    assert result(line, evidence(), None, {"bulk"}) == "open"


@pytest.mark.parametrize(
    ("id", "outcome", "wrong"),
    [
        ("A001", "open", True),
        ("A001", "declined", True),
        ("A001", "held", False),
        ("A006", "declined", False),
        ("A006", "open", True),
        ("A013", "open", False),
        ("A013", "failed", True),
    ],
)
def test_musts_are_held_and_shoulds_at_least_explained(id, outcome, wrong):
    assert bool(faults({id: outcome})) is wrong


def test_decisions_are_about_lines_and_give_reasons():
    assert decisions().keys() <= lines().keys()
    assert all(decision.reason for decision in decisions().values())


def test_the_page_is_the_same_every_time():
    found = {"A001": evidence("passed")}
    assert document(found) == document(found)
    assert document(found).count("\n| A") == 182
