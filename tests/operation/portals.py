"""The portal as it is operated: from the wheel, by gunicorn with the settings of ``docs/deploy``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.packaging.site import CLEAN, ROOT
from tests.peers.processes import free_port, running

KEYS = {"SECRET_KEY": "x" * 60, "ENCRYPTION_KEYS": "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtLTA="}


@dataclass(frozen=True)
class Portal:
    """An installed portal, its environment and its port."""

    folder: Path
    environment: dict[str, str]
    port: int

    def manage(self, *arguments: str) -> str:
        """Run a management command."""
        done = subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def served(self, name: str = "server") -> Iterator[psutil.Process]:
        """Serve it; give gunicorn's master."""
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            str(ROOT / "docs/deploy/gunicorn.conf.py"),
        ]
        url = f"http://127.0.0.1:{self.port}/readyz"
        log = self.folder / f"{name}.log"
        with running(command, url, log, cwd=self.folder, env=self.environment) as process:
            yield psutil.Process(process.pid)

    def connect(self) -> str:
        """Make a connection, and return its ``Authorization``."""
        self.manage("migrate", "--verbosity", "0")
        made = json.loads(self.manage("connection", "create", "Okta", "--json"))
        return f"Bearer {made['token']}"


def install(folder: Path, code: Path, database_url: str) -> Portal:
    """Install the wheel's code, and nothing of the tree's, beside what it depends on."""
    port = free_port()
    environment = (
        CLEAN
        | KEYS
        | {
            "PYTHONPATH": str(code),
            "DJANGO_SETTINGS_MODULE": "kyvos_portal.settings",
            "DATABASE_URL": database_url,
            "STATE_DIRECTORY": str(folder),
            "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
            "BIND": f"127.0.0.1:{port}",
        }
    )
    (folder / "staticfiles").mkdir()
    portal = Portal(folder, environment, port)
    where = "import kyvos_portal, os; print(os.path.dirname(kyvos_portal.__file__))"
    done = subprocess.check_output([sys.executable, "-c", where], cwd=folder, env=environment)
    assert Path(done.decode().strip()).parent == code
    return portal


def ended(pid: int) -> bool:
    """Whether a process is gone."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
