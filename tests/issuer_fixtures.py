"""Fixtures of issuers: a server on loopback, and the setting that lets it be asked."""

from __future__ import annotations

import pytest

from tests.local_server import LocalServer


@pytest.fixture
def local(settings):
    """Issuers may be on loopback."""
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "ALLOW_LOCAL_ISSUERS": True}


@pytest.fixture
def server():
    """A real HTTP server whose answers the test decides."""
    found = LocalServer()
    stop = found.start()
    yield found
    stop()
