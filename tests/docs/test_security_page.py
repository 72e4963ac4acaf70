"""The threat model names tests that there are."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.blocks import ROOT

pytestmark = pytest.mark.once

LINES = (ROOT / "docs" / "security.md").read_text().splitlines()
ROWS = [line for line in LINES if re.match(r"\| [STRIDE] \|", line)]
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_every_threat_names_a_test():
    assert {row[2] for row in ROWS} == set("STRIDE")
    assert [row for row in ROWS if not NAMED.search(row)] == []


@pytest.mark.parametrize(
    "named", sorted({n for row in ROWS for n in NAMED.findall(row)}), ids="::".join
)
def test_a_test_that_is_named_exists(named):
    module, test = named
    body = ast.parse((ROOT / "tests" / module).read_text())
    assert test in {node.name for node in ast.walk(body) if isinstance(node, ast.FunctionDef)}
