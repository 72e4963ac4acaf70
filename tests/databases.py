"""Databases for processes that a test starts: empty ones, of the kind that the run is on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg


@contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """Give the URL of an empty database: a file in the folder, or one on the run's PostgreSQL."""
    server = os.environ.get("TEST_DATABASE_URL")
    if server is None or server.startswith("sqlite"):
        yield f"sqlite:///{folder / 'site.sqlite3'}"
        return
    name = f"site_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            # A process that was killed may not have been noticed yet.
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
