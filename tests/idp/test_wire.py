"""Requests as identity providers make them, replayed: the default profile understands all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.idp.wire.run import load_cases, run_case

CORPUS = sorted((Path(__file__).parent / "wire").glob("*.json"))
CASES = [case for file in CORPUS for case in load_cases(file)]


def test_the_corpus_is_whole():
    assert len(CASES) == 99


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("credential", ["bearer", "basic"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case, credential, scim, request):
    send = scim.sender(scim.bearer if credential == "bearer" else scim.basic)
    assert run_case(case, send) == []
