"""The protocol's tests touch no database."""

import pytest


def pytest_itemcollected(item):
    """Run them once."""
    item.add_marker(pytest.mark.once)
