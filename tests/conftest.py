"""What every test starts from."""

from __future__ import annotations

import gc

import pytest
from django.core.cache import cache
from django.core.servers.basehttp import WSGIRequestHandler
from hypothesis import HealthCheck
from hypothesis import settings as examples

from scim_provisioning import counters
from scim_provisioning.auth import introspection, jwks, passwords
from tests.conformance.plugin import (
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
)
from tests.issuer_fixtures import issuer, local, server
from tests.packaging.fixtures import code, wheel
from tests.scim_fixtures import other, scim, strict
from tests.workload_fixtures import workload

__all__ = [
    "code",
    "issuer",
    "local",
    "other",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "scim",
    "server",
    "strict",
    "wheel",
    "workload",
]

# No test is timed: a machine that is busy finds nothing else wrong.
examples.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("suite")
# Garbage is looked for less often than Python does: that took a fifth of a run's time.
gc.set_threshold(50_000, 20, 50)
# The live server sends head and body apart; the second would wait 40 ms for the client's word.
WSGIRequestHandler.disable_nagle_algorithm = True


def pytest_collection_finish() -> None:
    """Look through what the whole run needs no more."""
    gc.collect()
    gc.freeze()


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
