"""Requests as identity providers make them, replayed: the default profile understands all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.idp.wire.run import load_cases, run_case
from tests.oauth_client import make_oauth
from tests.scim_client import WANTS_EMAIL

CORPUS = sorted((Path(__file__).parent / "wire").glob("*.json"))
CASES = [case for file in CORPUS for case in load_cases(file)]


def test_the_corpus_is_whole():
    assert len(CASES) == 99


NOT_EMAILS = (
    "keycloak-create-with-id",
    "entra-user-create-minimal",
    "authentik-user-create-and-put",
)


def authorization(scim, credential, request):
    if credential == "federation":
        workload = request.getfixturevalue("workload")
        return workload.scim(workload.ask()).bearer
    if credential == "own-endpoint":
        oauth = make_oauth(scim)
        return oauth.scim(oauth.ask(**oauth.body)).bearer
    if credential == "external":
        return request.getfixturevalue("issuer").bearer()
    return scim.bearer if credential == "bearer" else scim.basic


# How a token of an issuer is read depends neither on the database nor on the user model.
ISSUED = pytest.mark.once


@pytest.mark.django_db
@pytest.mark.parametrize(
    "credential",
    [
        "bearer",
        "basic",
        pytest.param("own-endpoint", marks=ISSUED),
        pytest.param("federation", marks=ISSUED),
        pytest.param("external", marks=ISSUED),
    ],
)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
@pytest.mark.scim("A141")
def test_case(case, credential, scim, request):
    errors = run_case(case, scim.sender(authorization(scim, credential, request)))
    if WANTS_EMAIL and case["id"] in NOT_EMAILS:
        assert "has to be an e-mail address" in errors[0]
    else:
        assert errors == []
