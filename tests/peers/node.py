"""Packages of npm that the tests run, installed once into the user's cache."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

MISSING = next(
    (
        f"there is no {name} (Debian: apt install nodejs npm)"
        for name in ("node", "npm")
        if shutil.which(name) is None
    ),
    None,
)
"""Why nothing of Node can run here; None where it can."""


def installed(package: str, version: str) -> Path:
    """Return the folder below which a script finds a package; one process installs it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "kyvos-portal-tests" / f"{package}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder)]
            subprocess.run([*command, f"{package}@{version}"], check=True, timeout=300)
            (folder / "done").touch()
    return folder
