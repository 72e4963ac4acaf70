"""Fixtures that the whole suite shares: connections and their clients."""

from __future__ import annotations

import pytest

from scim_provisioning.connections import create_connection
from tests.scim_client import ScimClient


def make_client(name: str, **options) -> ScimClient:
    username = options.pop("username", f"{name}@example.com")
    profile = options.pop("profile", "auto")
    made = create_connection(name, username=username, profile=profile)
    return ScimClient(made.connection, made.token, username, **options)


@pytest.fixture
def scim(request) -> ScimClient:
    """A client of the connection ``idp``."""
    request.getfixturevalue("transactional_db" if _wants_commits(request) else "db")
    return make_client("idp")


@pytest.fixture
def other(scim) -> ScimClient:
    """A client of a second connection."""
    return make_client("other")


@pytest.fixture
def strict(scim) -> ScimClient:
    """A client whose connection follows the RFC to the letter."""
    return make_client("strict", profile="strict")


def _wants_commits(request) -> bool:
    marker = request.node.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction"))
