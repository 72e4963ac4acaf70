"""Sites of other people: an empty environment with the wheel in it, and Django's startproject."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CLEAN = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG") or "PIP" in k}
"""What a new shell has: nothing of the suite's own settings."""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command in a clean environment; return what it printed, fail with its errors."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=CLEAN, capture_output=True)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()


def build_wheel(folder: Path) -> Path:
    """Build the distribution and return the wheel."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT)
    [wheel] = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path, *more: str) -> Path:
    """Make an environment with the wheel, without any extra; return its Python."""
    # The suite's own pip fills it; a second one would take as long as all the rest.
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", wheel, *more)
    return python


@dataclass(frozen=True)
class Site:
    """A Django project made by ``startproject``."""

    python: Path
    folder: Path

    @classmethod
    def start(cls, python: Path, folder: Path) -> Site:
        """Make the project."""
        folder.mkdir()
        run(python, "-m", "django", "startproject", "site_of_theirs", folder)
        return cls(python, folder)

    def append(self, module: str, text: str) -> None:
        """Add lines to a module of the project."""
        path = self.folder / "site_of_theirs" / f"{module}.py"
        path.write_text(f"{path.read_text()}\n{text}")

    def manage(self, *arguments: str) -> str:
        """Run a management command."""
        return run(self.python, "-W", "error", "manage.py", *arguments, cwd=self.folder)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the site by Django's own server and give its base URL."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        command = [str(self.python), "manage.py", "runserver", "--noreload", address]
        with open(self.folder / "server.log", "w") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, env=CLEAN, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            _wait(address)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(20)


def _wait(address: str) -> None:
    host, _, port = address.partition(":")
    for _ in range(200):
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the site does not answer")
