"""Onboarding needs nothing but Django."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_site_without_provisioning_onboards(tmp_path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.onboarding.alone_settings",
        "SITE_DATABASE": str(tmp_path / "site.sqlite3"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("alone.py"))]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "To: ada@example.com" in done.stdout
    assert "https://site.example.com/sign-in/" in done.stdout
