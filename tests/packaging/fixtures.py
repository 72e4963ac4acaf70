"""The distribution, built and unpacked once for all tests that need it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.packaging.site import build_wheel, run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel of the tree as it is."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def code(wheel, tmp_path_factory) -> Path:
    """A folder with the wheel's code, and nothing that it depends on."""
    folder = tmp_path_factory.mktemp("code")
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, wheel)
    return folder
