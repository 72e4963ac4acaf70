"""The environment variables of the portal: read, checked, and told about in one line."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NoReturn

import django
import environ
from cryptography.fernet import Fernet

from .variables import VARIABLES

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
NAME = r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]"
HOST = re.compile(rf"\*|{NAME}")
"""What ``ALLOWED_HOSTS`` may hold: a leading dot stands for all names below."""
PUBLIC_URL = re.compile(rf"https?://({NAME})(:[0-9]{{1,5}})?")


def stop(name: str, problem: str) -> NoReturn:
    """End the process with a message that names the variable."""
    sys.exit(f"{name} {problem}")


def given(name: str, default: str = "") -> str:
    """Return a variable's text; all of them are listed in :mod:`kyvos_portal.variables`."""
    assert name in VARIABLES, f"{name} is not in kyvos_portal.variables"
    return os.environ.get(name, "").strip() or default


HOME = Path(given("STATE_DIRECTORY", str(BASE_DIR)))
"""Where the portal keeps what it makes."""


def read(name: str, cast: str, default: Any) -> Any:
    """Return a variable as a type of django-environ's; a wrong value stops the process."""
    given(name)
    try:
        return getattr(env, cast)(name, default=default)
    except (ValueError, TypeError, environ.ImproperlyConfigured) as error:
        stop(name, f"cannot be read: {error}")


def flag(name: str, *, default: bool = False) -> bool:
    """Return a switch: 1, 0, true, false, yes, no, on or off."""
    value = given(name).lower()
    if value in ("", "1", "true", "yes", "on", "0", "false", "no", "off"):
        return default if value == "" else value in ("1", "true", "yes", "on")
    stop(name, "is a switch: 1 or 0.")


def secret_key() -> str:
    """Return ``SECRET_KEY``, else one made once and kept in a file that others cannot read."""
    return given("SECRET_KEY") or kept("SECRET_KEY", ".secret_key", new_secret_key)


def new_secret_key() -> str:
    """Return a secret key for Django."""
    return secrets.token_urlsafe(64)


def encryption_keys() -> tuple[str, ...]:
    """Return ``ENCRYPTION_KEYS``, the first of which encrypts; else one made once and kept."""
    keys = tuple(key.strip() for key in given("ENCRYPTION_KEYS").split(",") if key.strip())
    if not keys:
        made = kept("ENCRYPTION_KEYS", ".encryption_key", Fernet.generate_key().decode)
        keys = (made,)
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            stop("ENCRYPTION_KEYS", f"holds as number {number} what is no Fernet key: {NEW_KEY}")
    return keys


NEW_KEY = (
    "make one with python -c 'from cryptography.fernet import Fernet;"
    " print(Fernet.generate_key().decode())'"
)


def kept(name: str, file: str, make: Callable[[], str]) -> str:
    """Return what was made once and is kept in a file that others cannot read."""
    path = Path(given(f"{name}_FILE", str(HOME / file)))
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        if not path.exists():
            with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as new:
                new.write(make())
            # Linked when whole: of several processes that start at once one makes it.
            with suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        return path.read_text().strip()
    except OSError as error:
        stop(name, f"is not set, and none can be kept in {path}: {error.strerror}.")


def public_url() -> str | None:
    """Return ``PUBLIC_URL``: scheme and host that clients see, without a path."""
    value = given("PUBLIC_URL").rstrip("/")
    if not value:
        return None
    if not PUBLIC_URL.fullmatch(value):
        stop("PUBLIC_URL", "has to be like https://portal.example.com, without a path.")
    return value


def host_of(public: str | None) -> str | None:
    """Return the host of a public URL as headers have it: addresses of version 6 in brackets."""
    found = PUBLIC_URL.fullmatch(public or "")
    return found[1] if found else None


def hosts(public: str | None = None) -> list[str]:
    """Return ``ALLOWED_HOSTS``, by default that of the public URL and loopback names.

    What never equals a host is told, not kept.
    """
    host = host_of(public)
    usual = [*([host] if host else []), "localhost", "127.0.0.1", "[::1]"]
    names: list[str] = read("ALLOWED_HOSTS", "list", usual) or usual
    for name in names:
        if not HOST.fullmatch(name):
            stop("ALLOWED_HOSTS", f"holds {name!r}: names only, without scheme, port and path.")
    return names


def seconds(name: str, default: int) -> int:
    """Return a variable that is a number of seconds."""
    number: int = read(name, "int", default)
    if number < 0:
        stop(name, "is a number of seconds, and not negative.")
    return number


def proxies() -> tuple[str, ...]:
    """Return ``TRUSTED_PROXIES``: networks whose ``X-Forwarded-For`` counts."""
    networks = tuple(read("TRUSTED_PROXIES", "list", []))
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            stop("TRUSTED_PROXIES", f"holds {network!r}, which is no network like 10.0.0.0/8.")
    return networks


MAIL_OPTIONS = {
    "EMAIL_FILE_PATH": "file_path",
    "EMAIL_HOST": "host",
    "EMAIL_PORT": "port",
    "EMAIL_HOST_USER": "username",
    "EMAIL_HOST_PASSWORD": "password",
    "EMAIL_USE_TLS": "use_tls",
    "EMAIL_USE_SSL": "use_ssl",
}
"""Django's settings for mail up to 6.0, and what they are called in ``MAILERS``."""


def mail() -> dict[str, Any]:
    """Return ``EMAIL_URL`` as Django's settings: ``MAILERS`` where it knows them, since 6.1."""
    found: dict[str, Any] = read("EMAIL_URL", "email_url", "consolemail://")
    if django.VERSION < (6, 1):
        return found
    options = {option: found[name] for name, option in MAIL_OPTIONS.items() if found.get(name)}
    return {"MAILERS": {"default": {"BACKEND": found["EMAIL_BACKEND"], "OPTIONS": options}}}


def database() -> dict[str, Any]:
    """Return ``DATABASE_URL`` as Django's setting: SQLite beside the project by default."""
    config: dict[str, Any] = read("DATABASE_URL", "db_url", f"sqlite:///{HOME / 'db.sqlite3'}")
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        options |= {
            "transaction_mode": "IMMEDIATE",
            "timeout": 1.5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    elif config["ENGINE"].endswith("postgresql"):
        pooled = flag("CONNECTION_POOL")
        # A pool keeps connections itself; Django wants them given back after each request.
        config["CONN_MAX_AGE"] = 0 if pooled else seconds("CONN_MAX_AGE", 600)
        options |= {"pool": True} if pooled else {}
        options.setdefault("connect_timeout", 2)
        options.setdefault(
            "options",
            "-c lock_timeout=1500 -c statement_timeout=20000"
            " -c idle_in_transaction_session_timeout=30000",
        )
        if flag("PREPARED_STATEMENTS", default=True):
            options |= {"server_side_binding": True, "prepare_threshold": 5}
    else:
        stop("DATABASE_URL", "has to be a sqlite:// or postgres:// URL.")
    return config
