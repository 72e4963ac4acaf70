"""Other people's servers, started for the tests on free ports of the loopback address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running(command: list[str], ready: str, log: Path, **options) -> Iterator[subprocess.Popen]:
    """Run a server until its URL answers and the block is over."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, start_new_session=True, **options
        )
        try:
            _wait(process, ready, log)
            yield process
        finally:
            # With the workers that it started; a test may have ended it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _wait(process: subprocess.Popen, ready: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(ready, timeout=10):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"The peer did not start:\n{log.read_text()[-2000:]}")
