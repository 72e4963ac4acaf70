"""The environment variables of the portal: what they mean, and what holds without them.

:mod:`kyvos_portal.environment` reads no other, so this is the whole list.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable, in words (Markdown)."""

    meaning: str
    default: str


VARIABLES = {
    "DATABASE_URL": Variable("`sqlite:///…` or `postgres://…`", "SQLite beside the project"),
    "STATE_DIRECTORY": Variable(
        "where the files are that have no path of their own; systemd sets it", "the project"
    ),
    "SECRET_KEY": Variable("Django's secret key", "made once, kept in `SECRET_KEY_FILE`"),
    "SECRET_KEY_FILE": Variable("where the key is kept, mode 600", "`.secret_key`"),
    "ENCRYPTION_KEYS": Variable(
        "Fernet keys of the secrets that are kept, separated by commas: the first encrypts, all"
        " decrypt",
        "made once, kept in `ENCRYPTION_KEYS_FILE`",
    ),
    "ENCRYPTION_KEYS_FILE": Variable("where the key is kept, mode 600", "`.encryption_key`"),
    "PUBLIC_URL": Variable(
        "`https://portal.example.com`: what clients see; with https, cookies and HSTS are secure",
        "the request's host",
    ),
    "ALLOWED_HOSTS": Variable(
        "hosts without scheme and port, separated by commas; `.example.com` stands for all below",
        "that of `PUBLIC_URL`, and loopback names",
    ),
    "TRUSTED_PROXIES": Variable("networks whose `X-Forwarded-For` counts", "none"),
    "DEBUG": Variable("1 shows pages for developers instead of errors", "0"),
    "PASSWORD_SIGN_IN": Variable(
        "0 lets nobody use a password on pages but the account in `EMERGENCY_ADMINISTRATOR`", "1"
    ),
    "EMERGENCY_ADMINISTRATOR": Variable(
        "user name of a local superuser, the way in when an identity provider fails", "none"
    ),
    "SAML_KEY_FILE": Variable(
        "the portal's SAML key and certificate, made once where missing", "`.saml_key.pem`"
    ),
    "ALLOW_LOCAL_ISSUERS": Variable(
        "1 lets issuers be http, or on loopback and private addresses: for tests", "0"
    ),
    "EMAIL_URL": Variable("where mails go, `smtp+tls://user:password@host:587`", "the console"),
    "CACHE_URL": Variable(
        "`rediscache://…` or another of django-environ's; several processes that throttle together"
        " need a shared one",
        "memory of each process",
    ),
    "CONN_MAX_AGE": Variable("seconds that a PostgreSQL connection is kept", "600"),
    "CONNECTION_POOL": Variable(
        "1 lets the threads of a process share a pool of PostgreSQL connections", "0"
    ),
    "PREPARED_STATEMENTS": Variable("0 behind pgbouncer", "1"),
    "NESTED_GROUPS": Variable(
        "1 lets groups be members of groups ([Bulk and nesting](../bulk-and-nesting.md))", "0"
    ),
    "METRICS": Variable("0 counts nothing for Prometheus", "1, where its client is installed"),
    "METRICS_TOKEN": Variable(
        "the bearer token of `/metrics`", "none: only the machine itself may ask"
    ),
    "READY_MAX_WAIT": Variable(
        "seconds that a task or a mail may wait for a worker before `/readyz` answers 503",
        "0: no limit",
    ),
    "SERVER_TIMING": Variable(
        "1 adds `Server-Timing` with the number of SQL statements, for measuring", "0"
    ),
}
