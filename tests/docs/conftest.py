"""Where the blocks are run: a folder with a portal, served, and a shell."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.docs.portal import CLIENT, ROOT

OWN = {
    "SECRET_KEY": "only-for-the-documentation-" + "x" * 40,
    "ENCRYPTION_KEYS": "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtLTA=",
    "SAML_KEY_FILE": "saml.pem",
    "DATABASE_URL": "sqlite:///db.sqlite3",
    "DJANGO_SETTINGS_MODULE": "kyvos_portal.settings",
}
"""Whatever is named here lies in the folder that a command runs in."""
SHELL = {k: v for k, v in os.environ.items() if k in ("HOME", "LANG", "PATH", "TMPDIR")} | OWN


@pytest.fixture(scope="session")
def programs(tmp_path_factory) -> Iterator[Path]:
    """A folder with ``python3`` and ``curl`` as the blocks call them."""
    if not (shutil.which("bash") and shutil.which("curl")):
        pytest.skip("the blocks are run by bash, with curl")
    folder = tmp_path_factory.mktemp("programs")
    # The name of a socket has to be short.
    path = str(Path(tempfile.mkdtemp(prefix="docs")) / "portal")
    command = [sys.executable, ROOT / "tests" / "docs" / "portal.py", path]
    _program(folder / "python3", CLIENT.format(python=sys.executable, path=path))
    # A refusal ends the script.
    _program(folder / "curl", f'#!/bin/sh\nexec {shutil.which("curl")} -sS --fail-with-body "$@"\n')
    with _started(command) as server:
        assert server.stdout.readline() == "ready\n"
        yield folder
        server.kill()
    shutil.rmtree(Path(path).parent)


def _started(command: list[str | Path], **more: Any) -> Any:
    return subprocess.Popen(
        command, env=SHELL, stdout=subprocess.PIPE, text=True, start_new_session=True, **more
    )


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@dataclass(frozen=True)
class Terminal:
    """A shell in a folder with a portal that is served."""

    folder: Path
    programs: Path
    url: str = ""
    token: str = ""

    def run(self, script: str) -> str:
        """Run a script that ends with the first failure; return all that was printed."""
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env={**SHELL, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="session")
def prepared(programs, tmp_path_factory) -> tuple[Path, str]:
    """A folder with a portal as ``quickstart`` leaves it, and its token."""
    folder = tmp_path_factory.mktemp("prepared")
    told = Terminal(folder, programs).run("python3 manage.py quickstart --json")
    return folder, json.loads(told.splitlines()[-1])["token"]


@pytest.fixture
def terminal(prepared, programs, tmp_path) -> Iterator[Terminal]:
    """A portal of the test's own."""
    folder = shutil.copytree(prepared[0], tmp_path / "portal")
    with (
        (tmp_path / "server.log").open("w") as log,
        _started([programs / "python3", "serve"], cwd=folder, stderr=log) as client,
    ):
        port, pid = (int(client.stdout.readline()) for _ in range(2))
        yield Terminal(folder, programs, f"http://127.0.0.1:{port}", prepared[1])
        os.kill(pid, signal.SIGKILL)
        client.kill()
