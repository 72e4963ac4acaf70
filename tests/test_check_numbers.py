"""Every system check has a number, a hint, and a test named after it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
APPS = ("scim_provisioning", "onboarding", "kyvos_portal")
KINDS = {"Info": "I", "Warning": "W", "Error": "E", "Critical": "C"}
NUMBER = re.compile(rf"({'|'.join(APPS)})\.[IWEC][0-9]{{3}}")


def messages():
    """Yield every message of a check: where it is made, of what kind, and its keywords."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            tree = ast.parse(path.read_text())
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                keywords = {keyword.arg: keyword.value for keyword in call.keywords}
                number = getattr(keywords.get("id"), "value", "")
                if isinstance(number, str) and NUMBER.fullmatch(number):
                    yield f"{path.relative_to(ROOT)}:{call.lineno}", call.func.id, keywords


def test_each_has_a_number_of_its_kind_once_and_a_hint():
    found = list(messages())
    numbers = [keywords["id"].value for _, _, keywords in found]
    assert sorted(numbers) == sorted(set(numbers))
    for place, kind, keywords in found:
        assert "hint" in keywords, place
        assert keywords["id"].value.rpartition(".")[2][0] == KINDS[kind], place


def test_each_has_a_test_named_after_it():
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"def test_([iwec]\d{3})_", tests))
    numbers = {keywords["id"].value.rpartition(".")[2].lower() for _, _, keywords in messages()}
    assert numbers <= named
