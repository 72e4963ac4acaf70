"""Whose password opens the API."""

from __future__ import annotations

import pytest

PASSWORD = "pass:wörd"


@pytest.fixture
def owner(scim):
    """The connection's own account, which has a password."""
    user = scim.connection.acting_user
    user.set_password(PASSWORD)
    user.save()
    return user
