"""What every test starts from."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from scim_provisioning import counters
from scim_provisioning.auth import introspection, jwks, passwords
from tests.conformance.plugin import (
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
)
from tests.issuer_fixtures import issuer, local, server
from tests.scim_fixtures import other, scim, strict
from tests.workload_fixtures import workload

__all__ = [
    "issuer",
    "local",
    "other",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "scim",
    "server",
    "strict",
    "workload",
]


@pytest.fixture(autouse=True)
def _clean_process():
    """Forget what a process remembers between requests."""
    cache.clear()
    passwords.memory.forget()
    jwks.forget()
    introspection.memory.forget()
    counters.forget()
    yield
    # What is left would be written when the run ends, to a database that is no test's.
    counters.forget()
