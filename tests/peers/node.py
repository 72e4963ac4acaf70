"""Node scripts of the tests, and what they need of npm: installed once, in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGES = Path(__file__).parent / "oidc"
"""Where ``package.json`` and its lock are."""
MISSING = next(
    (
        f"there is no {name} (Debian: apt install nodejs npm)"
        for name in ("node", "npm")
        if shutil.which(name) is None
    ),
    None,
)
"""Why nothing of Node can run here; None where it can."""


def installed() -> Path:
    """Return the folder below which a script finds the packages; one process installs them."""
    names = ("package.json", "package-lock.json")
    digest = hashlib.sha256(b"".join((PACKAGES / name).read_bytes() for name in names))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "kyvos-portal-tests" / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for name in names:
                shutil.copy(PACKAGES / name, folder)
            command = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, timeout=300)
            (folder / "done").touch()
    return folder


@contextmanager
def script(source: Path) -> Iterator[Path]:
    """Give a copy of a script that finds the packages, in a folder of its own."""
    with TemporaryDirectory(dir=installed(), prefix="run-") as folder:
        yield Path(shutil.copy(source, folder))
